/**
 * The state of one run as plain JSON: what the pure core computes with, and what its Lua twin keeps in Redis hashes.
 *
 * Three levels. The *run* holds *tasks*; a task holds its *instances*: one (map index -1), or one per element when it is mapped.
 * Each level has counters of the level below, and each task counters of the tasks before it, so that one transition costs
 * O(direct downstream) and never a scan:
 *
 *   run.unfinished        tasks whose state is `none` or `active`
 *   run.failedLeaves      tasks without downstream that ended `failed` or `upstream_failed`
 *   task.counts           instances by state (`unfinished` = every state that is not finished; `removed` counts nowhere)
 *   task.upstream         tasks before it by what they mean to it; the counters add up to the number of its upstream tasks
 */
import type { DagGraph, TaskNode } from './graph.ts';
import type { RunState as RunPhase, TaskState } from './states.ts';

export interface RunState {
  readonly runId: string;
  readonly graph: DagGraph;
  readonly state: RunPhase;
  readonly unfinished: number;
  readonly failedLeaves: number;
  /** Set by cancel: nothing starts any more, and the run ends failed. */
  readonly cancelled?: string;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  /** By task id, in topological order. */
  readonly tasks: Readonly<Record<string, TaskRun>>;
}

/**
 * `none`: its trigger rule has not decided. `active`: it runs or is about to; the instances say how far. Else it is finished:
 * `failed` when an instance failed, `success` when one succeeded and none failed, `skipped` when all were.
 */
export type TaskRunState = 'none' | 'active' | 'success' | 'failed' | 'upstream_failed' | 'skipped';

export interface TaskRun {
  readonly state: TaskRunState;
  readonly upstream: UpstreamCounts;
  readonly counts: InstanceCounts;
  /** Instances of a mapped task, known when it is expanded. */
  readonly mapCount?: number;
  /** Finished, and everything behind it is skipped: it asked for that (short circuit), or was itself skipped so. */
  readonly cut?: true;
  /** At the place of their map index. Those beyond `mapCount` are `removed`, leftovers of an expansion before a clear. */
  readonly instances: readonly TaskInstance[];
}

/** What an upstream task means to the one that counts it: its state, unless it cut (`cut`) or branched away from it (`branched`). */
export interface UpstreamCounts {
  readonly unfinished: number;
  readonly success: number;
  readonly failed: number;
  readonly upstream_failed: number;
  readonly skipped: number;
  readonly cut: number;
  readonly branched: number;
}

export interface InstanceCounts {
  readonly unfinished: number;
  readonly success: number;
  readonly failed: number;
  readonly upstream_failed: number;
  readonly skipped: number;
  /** Successes that asked to skip everything behind. */
  readonly shortCircuits: number;
}

export interface TaskInstance {
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
  readonly state: TaskState;
  /** Number of the latest attempt, running or next to run; 0 before the first. Never goes back, not even on clear. */
  readonly attempt: number;
  /** Attempts that failed, and attempts lost with their worker, since the last clear. */
  readonly failures: number;
  readonly losses: number;
  /** Who runs it, or ran it last: drawn by the claimer, needed to report anything about the attempt. */
  readonly token?: string;
  readonly worker?: string;
  /** While `running`: when the attempt counts as lost unless it gives a sign of life. */
  readonly leaseUntilMs?: number;
  /** While `scheduled`, `queued` or `up_for_…`: not to be started before. */
  readonly dueMs?: number;
  /** Start of the latest attempt, and of the first one since the last clear. */
  readonly startedAtMs?: number;
  readonly firstStartedAtMs?: number;
  readonly endedAtMs?: number;
  /** Of a success: what `run` returned, as JSON gives it back. */
  readonly result?: unknown;
  /** Length of the result when it is a list: what a task mapped over it expands to. */
  readonly listLength?: number;
  /** Of a success: why everything behind is skipped. */
  readonly shortCircuit?: string;
  /** Of a success: the tasks right behind that its branch does not follow. */
  readonly notFollowed?: readonly string[];
  /** Of the latest attempt that failed or was lost. */
  readonly error?: TaskError;
  /** Why it is skipped, waits for a later poke, or was set by hand. */
  readonly note?: string;
  /** Set by hand, not by an attempt. */
  readonly marked?: true;
}

export interface TaskError {
  /** Of the catalogue; FL_TASK_FAILED when a task threw something else. */
  readonly code: string;
  readonly message: string;
}

/** Names an instance: mapIndex is -1 when the task is not mapped. */
export interface InstanceKey {
  readonly taskId: string;
  readonly mapIndex: number;
}

export const NO_UPSTREAM: UpstreamCounts = {
  unfinished: 0,
  success: 0,
  failed: 0,
  upstream_failed: 0,
  skipped: 0,
  cut: 0,
  branched: 0,
};

export const NO_INSTANCES: InstanceCounts = {
  unfinished: 0,
  success: 0,
  failed: 0,
  upstream_failed: 0,
  skipped: 0,
  shortCircuits: 0,
};

/** A run of which nothing has started; the event `start` begins it. */
export function createRun(graph: DagGraph, runId: string): RunState {
  const tasks = graph.tasks.map((node): [string, TaskRun] => {
    const upstream = { ...NO_UPSTREAM, unfinished: node.upstream.length };
    return node.expand === undefined
      ? [
          node.id,
          {
            state: 'none',
            upstream,
            counts: { ...NO_INSTANCES, unfinished: 1 },
            instances: [freshInstance(-1)],
          },
        ]
      : [node.id, { state: 'none', upstream, counts: NO_INSTANCES, instances: [] }];
  });
  return {
    runId,
    graph,
    state: 'queued',
    unfinished: graph.tasks.length,
    failedLeaves: 0,
    tasks: Object.fromEntries(tasks),
  };
}

/** An instance that has not begun; `attempt` is kept by those that were there before a clear. */
export function freshInstance(mapIndex: number, attempt = 0, state: TaskState = 'none'): TaskInstance {
  return { mapIndex, state, attempt, failures: 0, losses: 0 };
}

export function isFinished(task: TaskRun): boolean {
  return task.state !== 'none' && task.state !== 'active';
}

/** Where an instance stands in `TaskRun.instances`. */
export function positionOf(mapIndex: number): number {
  return mapIndex === -1 ? 0 : mapIndex;
}

/** Undefined when the run has no such instance (a mapped task that is not expanded has none). */
export function findInstance(run: RunState, key: InstanceKey): TaskInstance | undefined {
  const instance = run.tasks[key.taskId]?.instances[positionOf(key.mapIndex)];
  return instance?.mapIndex === key.mapIndex ? instance : undefined;
}

/** How many elements a task mapped over this one gets; undefined while unknown, or when it made no list. */
export function listLength(node: TaskNode, task: TaskRun): number | undefined {
  if (!isFinished(task)) return undefined;
  if (node.expand !== undefined) return task.counts.success;
  return task.state === 'success' ? task.instances[0]?.listLength : undefined;
}
