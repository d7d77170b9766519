/** A task: what it reads, what it makes, and the function in between. A DAG wires tasks; a worker runs them. */
import type { ZodType } from 'zod';
import type { Asset, ElementOf, Nothing, RefOf } from './asset.ts';
import { nothing } from './asset.ts';
import type { RetryPolicy } from './graph.ts';
import type { TriggerRule } from './states.ts';
import type { TaskContext } from './task-context.ts';

export type Reads = Readonly<Record<string, Asset>>;

/** How a task is scheduled, retried and limited. Each of these may be overridden where the task is wired. */
export interface TaskOptions {
  readonly retry?: Partial<RetryPolicy>;
  /** Hard limit of one attempt; its child process is killed then. @default 3_600_000 */
  readonly timeoutMs?: number;
  /** Pool whose slots an attempt takes. @default 'default' */
  readonly pool?: string;
  /** Larger runs first. @default 0 */
  readonly priority?: number;
  /** Worker class that takes it. @default 'default' */
  readonly queue?: string;
  /** Attempts of the task at a time, its map indices and all runs taken together. @default no limit */
  readonly activeMax?: number;
}

/** A task as it is defined, with its types. Made by `defineTask`; frozen. */
export interface TaskDefinition<
  Services = unknown,
  R extends Reads = Reads,
  M extends Asset = Asset,
  E extends string = string,
  T extends TriggerRule = TriggerRule,
  P = Readonly<Record<string, unknown>>,
> extends TaskOptions {
  /** The task's id in a DAG, unless the DAG gives another. */
  readonly name: string;
  readonly reads: R;
  readonly makes: M;
  /** The input that is a list: the task has one instance per element. */
  readonly expand?: E;
  readonly triggerRule: T;
  readonly params?: ZodType<P>;
  run(ctx: TaskContext<Services, P>, inputs: InputsOf<R, E, T>): Made<M, E> | Promise<Made<M, E>>;
}

/**
 * What `run` receives: per input its reference; of the input it expands, one element. A task whose trigger rule lets it run
 * after failed or skipped tasks may find an input undefined; of a mapped task it then gets what the successful instances made.
 */
export type InputsOf<R extends Reads, E extends string, T extends TriggerRule> = {
  readonly [K in keyof R]: K extends E
    ? ElementOf<RefOf<R[K]>>
    : T extends 'all_success'
      ? RefOf<R[K]>
      : RefOf<R[K]> | undefined;
};

/** What `run` returns: the asset's reference, or one element of it in a mapped task. */
export type Made<M extends Asset, E extends string> = [E] extends [never]
  ? RefOf<M>
  : M extends Nothing
    ? RefOf<M>
    : ElementOf<RefOf<M>>;

/** The inputs whose reference is a list. */
type ListInputs<R extends Reads> = {
  [K in keyof R]: RefOf<R[K]> extends readonly unknown[] ? K : never;
}[keyof R] &
  string;

export interface TaskSpec<
  Services,
  R extends Reads,
  M extends Asset,
  E extends string,
  T extends TriggerRule,
  P,
> extends TaskOptions {
  readonly name: string;
  /** Input name → the asset it must be wired to. @default {} */
  readonly reads?: R;
  /** @default nothing */
  readonly makes?: M & ([E] extends [never] ? unknown : Asset<string, readonly unknown[]>);
  /** Name of the input to map over. The task is skipped when its list is empty. */
  readonly expand?: E;
  /** When it runs, given how the tasks before it ended. @default 'all_success' */
  readonly triggerRule?: T;
  /** What it needs of the run's parameters; checked when a run is made, and typed in `ctx.params`. */
  readonly params?: ZodType<P>;
  run(ctx: TaskContext<Services, P>, inputs: InputsOf<R, E, T>): Made<M, E> | Promise<Made<M, E>>;
}

// biome-ignore lint/complexity/noBannedTypes: {} is the type of "no inputs"; Record<string, never> would forbid all.
export type NoReads = {};

/** `defineTask` for tasks that use these services: `export const defineTask = taskFactory<Services>();` */
export function taskFactory<Services>() {
  return function defineTask<
    R extends Reads = NoReads,
    M extends Asset = Nothing,
    const E extends ListInputs<R> = never,
    const T extends TriggerRule = 'all_success',
    P = Readonly<Record<string, unknown>>,
  >(spec: TaskSpec<Services, R, M, E, T, P>): TaskDefinition<Services, R, M, E, T, P> {
    const { reads = {}, makes = nothing, triggerRule = 'all_success', ...rest } = spec;
    return Object.freeze({ ...rest, reads, makes, triggerRule }) as unknown as TaskDefinition<
      Services,
      R,
      M,
      E,
      T,
      P
    >;
  };
}

/** `defineTask` for tasks that use no services. */
export const defineTask = taskFactory<unknown>();
