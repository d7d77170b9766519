/** A DAG: tasks wired by the assets they pass on. The call graph of the builder is the task graph. */
import type { ZodType } from 'zod';
import type { Asset, RefOf } from './asset.ts';
import { checkDagOptions, checkDeadlineParts, checkNotEmpty } from './check-dag.ts';
import { type DagGraph, toGraph } from './graph.ts';
import type { TriggerRule } from './states.ts';
import type { Reads, TaskDefinition, TaskOptions } from './task.ts';
import { startWiring } from './wiring.ts';

export interface DagOptions<Params = unknown> {
  readonly description?: string;
  /** Cron with 5 or 6 fields, or `@daily` and its like, in `timezone`; null: only by hand. */
  readonly schedule: string | null;
  /** IANA zone of the schedule, the data interval and the dates below. @default 'UTC' */
  readonly timezone?: string;
  /**
   * What a run is about. `previous-day`: the local day before the tick, midnight to midnight (23, 24 or 25 hours).
   * `cron`: from the tick before to this one. @default 'cron'
   */
  readonly dataInterval?: 'previous-day' | 'cron';
  /** First day that is run, `YYYY-MM-DD` local. */
  readonly startDate?: string;
  /** Last day that is run, `YYYY-MM-DD` local. */
  readonly endDate?: string;
  /** Whether intervals missed since `startDate` or during an outage are run, oldest first; else only the latest. @default false */
  readonly catchup?: boolean;
  /** Runs of this DAG at a time. @default 16 */
  readonly activeRunsMax?: number;
  /** Attempts of all its tasks at a time, all its runs taken together. @default no limit */
  readonly activeTasksMax?: number;
  /** A run waits until the run before it has ended well. @default false */
  readonly dependsOnPast?: boolean;
  /** A run that takes longer is cancelled. */
  readonly runTimeoutMs?: number;
  /** What must have ended well by when: `[{ by: '06:00', of: 'exports' }]`. Watched for scheduled intervals. */
  readonly deadlines?: readonly Deadline[];
  /** Schema of the run parameters. */
  readonly params?: ZodType<Params>;
  /** For all its tasks; a task's own options win. */
  readonly taskDefaults?: TaskOptions;
}

/** By when the whole run, or a part of it, must have ended well. */
export interface Deadline {
  /** Local wall-clock time: `06:00`. */
  readonly by: string;
  /** Of which day, counted from the one on which the interval ends. For the interval of a day, 0 is the next day. @default 0 */
  readonly daysAfter?: number;
  /** IANA zone of `by`. @default the DAG's */
  readonly timezone?: string;
  /** A task, or a group with all its tasks. @default all of the run */
  readonly of?: string;
}

/** A wired task, to be passed on to the tasks that read what it makes. */
export interface TaskRef<A extends Asset = Asset> {
  readonly taskId: string;
  readonly asset: A;
}

/** Input name → the task whose asset it is; nothing missing, nothing more. */
export type Wires<R extends Reads> = [keyof R] extends [never]
  ? Readonly<Record<string, never>>
  : { readonly [K in keyof R]: TaskRef<Asset<R[K]['name'], RefOf<R[K]>>> };

export interface WireOptions extends TaskOptions {
  /** Unique in the DAG. @default the definition's name */
  readonly id?: string;
  /** Tasks that must end before, though nothing of them is read. */
  readonly after?: readonly TaskRef[];
}

/** Adds a task to the DAG. Throws FL_DAG_INVALID. */
export type WireTask<Services> = <
  R extends Reads,
  M extends Asset,
  E extends string,
  T extends TriggerRule,
  P,
>(
  definition: TaskDefinition<Services, R, M, E, T, P>,
  inputs: Wires<R>,
  options?: WireOptions,
) => TaskRef<M>;

/** Draws the tasks that `body` wires as one group; nested groups give `outer/inner`. */
export type Group = <T>(name: string, body: () => T) => T;

// biome-ignore lint/suspicious/noExplicitAny: a DAG holds definitions of any shape; their types were checked where they were wired.
export type AnyTask<Services = any> = TaskDefinition<Services, any, any, any, any, any>;

// biome-ignore lint/suspicious/noExplicitAny: the services are only known to who runs it, unless named: dag<Services>(…).
export interface Dag<Services = any> {
  readonly id: string;
  readonly options: DagOptions;
  readonly graph: DagGraph;
  /** By task id. */
  readonly definitions: ReadonlyMap<string, AnyTask<Services>>;
}

/**
 * Defines a DAG: `dag('nightly', options, (task) => { const raw = task(ingestDrops, {}); … })`.
 * Throws FL_DAG_INVALID for an impossible schedule, time zone, date or limit, a task id used twice, or a wrong wire.
 */
// biome-ignore lint/suspicious/noExplicitAny: see Dag.
export function dag<Services = any>(
  id: string,
  options: DagOptions,
  build: (task: WireTask<Services>, group: Group) => unknown,
): Dag<Services> {
  checkDagOptions(id, options);
  const wiring = startWiring(id, options);
  build(wiring.task, wiring.group);
  checkNotEmpty(id, wiring.nodes());
  checkDeadlineParts(id, options, wiring.nodes());
  return Object.freeze({
    id,
    options: Object.freeze({ ...options }),
    graph: toGraph(id, wiring.nodes()),
    definitions: wiring.definitions,
  });
}
