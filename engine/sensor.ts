/** Sensors: tasks that wait for something in the world without holding a worker. */
import type { Asset, RefOf } from './asset.ts';
import { RescheduleTask } from './signals.ts';
import type { TriggerRule } from './states.ts';
import {
  type InputsOf,
  type NoReads,
  type Reads,
  type TaskDefinition,
  type TaskSpec,
  taskFactory,
} from './task.ts';
import type { TaskContext } from './task-context.ts';

export interface SensorSpec<Services, R extends Reads, M extends Asset, T extends TriggerRule, P>
  extends Omit<TaskSpec<Services, R, M, never, T, P>, 'run' | 'expand' | 'makes'> {
  readonly makes: M;
  /** How long the worker is given back between two looks. */
  readonly pokeEveryMs: number;
  /** The task fails when it has waited longer than this, counted from the first look. */
  readonly waitMaxMs: number;
  /** What it waits for, for people: `_SUCCESS of the producer`. */
  readonly waitsFor: string;
  /** Looks once: the reference when it is there, undefined when it is not yet. */
  poke(
    ctx: TaskContext<Services, P>,
    inputs: InputsOf<R, never, T>,
  ): RefOf<M> | undefined | Promise<RefOf<M> | undefined>;
}

/** `defineSensor` for tasks that use these services: `export const defineSensor = sensorFactory<Services>();` */
export function sensorFactory<Services>() {
  const defineTask = taskFactory<Services>();
  return function defineSensor<
    R extends Reads = NoReads,
    M extends Asset = Asset,
    const T extends TriggerRule = 'all_success',
    P = Readonly<Record<string, unknown>>,
  >(spec: SensorSpec<Services, R, M, T, P>): TaskDefinition<Services, R, M, never, T, P> {
    const { poke, pokeEveryMs, waitMaxMs, waitsFor, ...rest } = spec;
    return defineTask<R, M, never, T, P>({
      ...rest,
      async run(ctx, inputs) {
        const found = await poke(ctx, inputs);
        if (found !== undefined) return found;
        throw new RescheduleTask(`for ${waitsFor}`, { delayMs: pokeEveryMs, timeoutMs: waitMaxMs });
      },
    });
  };
}
