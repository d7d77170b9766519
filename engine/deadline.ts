/** Deadlines: by when a run, or a part of it, should have ended well, and, while it goes on, whether it will. */
import { DateTime } from 'luxon';
import type { DagOptions, Deadline } from './dag.ts';
import { ancestorsOf, type DagGraph, type TaskNode } from './graph.ts';
import { dayOf } from './local-time.ts';
import { isFinished, type RunState, type TaskRun } from './run-model.ts';
import type { DataInterval } from './schedule.ts';

/** Tells the deadlines of a DAG apart, for people and in Redis: `exports by 06:00`. */
export function deadlineName({ by, daysAfter = 0, timezone, of = 'all' }: Deadline): string {
  const day = daysAfter === 0 ? '' : ` +${daysAfter}d`;
  return `${of} by ${by}${day}${timezone === undefined ? '' : ` ${timezone}`}`;
}

/** The instant of a deadline for one interval, epoch ms. A local time that a clock change leaves out is as much later. */
export function deadlineMsOf(
  { timezone: dagZone = 'UTC' }: Pick<DagOptions, 'timezone'>,
  { by, daysAfter = 0, timezone = dagZone }: Deadline,
  interval: Pick<DataInterval, 'endMs'>,
): number {
  // Which day is meant is a matter of the DAG's zone, which time of that day of the deadline's.
  const day = DateTime.fromISO(dayOf(interval.endMs, dagZone), { zone: 'utc' }).plus({ days: daysAfter });
  return DateTime.fromISO(`${day.toISODate()}T${by}`, { zone: timezone }).toMillis();
}

/** Whether a task is what `of` names, or in the group that it names. */
export function isPartOf({ id, group = '' }: TaskNode, of: string): boolean {
  return id === of || group === of || group.startsWith(`${of}/`);
}

export interface Forecast {
  /** `met`: ended well in time. `expected`: will in time. `at-risk`: will probably not. `missed`: has not. */
  readonly verdict: 'met' | 'expected' | 'at-risk' | 'missed';
  /** All that the deadline is about has ended well; `endMs` is when. */
  readonly ended: boolean;
  /** When it ended, or will as far as history tells. */
  readonly endMs: number;
  /** The tasks that the end still waits for, first to last. */
  readonly criticalPath: readonly string[];
  /** A task that failed or could not run: without help, the end never comes. */
  readonly blockedBy?: string;
}

/**
 * Adds up, along the edges, how long tasks usually take. `usualMs` is a task's median duration in earlier runs, all its
 * instances together; undefined for one that has none, which counts as nothing, so the forecast errs on the early side.
 */
export function forecast(
  run: RunState,
  options: {
    readonly deadlineMs: number;
    readonly nowMs: number;
    readonly usualMs: (taskId: string) => number | undefined;
    /** Task or group that must have ended. @default all */
    readonly of?: string | undefined;
    /** Nothing of it begins before. @default nowMs */
    readonly startMs?: number;
  },
): Forecast {
  const { deadlineMs, nowMs, usualMs, of, startMs = nowMs } = options;
  const { wanted, needed } = scopeOf(run.graph, of);
  const ends = new Map<string, { readonly endMs: number; readonly after: string | undefined }>();
  for (const { id, upstream } of needed) {
    const task = run.tasks[id]!;
    if (isFinished(task)) continue;
    const after = latest(
      upstream.filter((before) => ends.has(before)),
      ends,
    );
    const readyMs = after === undefined ? Math.max(nowMs, startMs) : ends.get(after)!.endMs;
    const fromMs = startedAtMs(task) ?? Math.max(readyMs, dueMsOf(task));
    ends.set(id, { endMs: Math.max(nowMs, fromMs + (usualMs(id) ?? 0)), after });
  }
  const failures = unhandledFailures(run, needed);
  const blockedBy = wanted.map((id) => failures.get(id)).find((id) => id !== undefined);
  // What a cancel has skipped has not ended well.
  const well = run.cancelled === undefined ? /^(success|skipped)$/ : /^success$/;
  const ended = wanted.every((id) => well.test(run.tasks[id]!.state));
  const last = latest(
    wanted.filter((id) => ends.has(id)),
    ends,
  );
  const endMs = last === undefined ? (endedAtMs(run, wanted) ?? nowMs) : ends.get(last)!.endMs;
  const isLate = endMs > deadlineMs;
  const verdict = ended
    ? isLate
      ? 'missed'
      : 'met'
    : nowMs > deadlineMs
      ? 'missed'
      : isLate || blockedBy !== undefined || run.cancelled !== undefined
        ? 'at-risk'
        : 'expected';
  return {
    verdict,
    ended,
    endMs,
    criticalPath: pathTo(last, ends),
    ...(blockedBy === undefined ? {} : { blockedBy }),
  };
}

type Ends = ReadonlyMap<string, { readonly endMs: number; readonly after: string | undefined }>;

/** What must have ended, and what may have to run for it; in topological order. */
function scopeOf(graph: DagGraph, of: string | undefined) {
  if (of === undefined) return { wanted: graph.tasks.map(({ id }) => id), needed: graph.tasks };
  const wanted = graph.tasks.filter((task) => isPartOf(task, of)).map(({ id }) => id);
  const needed = new Set([...wanted, ...wanted.flatMap((id) => ancestorsOf(graph, id))]);
  return { wanted, needed: graph.tasks.filter(({ id }) => needed.has(id)) };
}

/** Task → the task whose failure keeps it from ending well, by now or for sure. A failure that a trigger rule may handle is none. */
function unhandledFailures(run: RunState, tasks: readonly TaskNode[]): ReadonlyMap<string, string> {
  const failures = new Map<string, string>();
  for (const { id, upstream, triggerRule } of tasks) {
    const task = run.tasks[id]!;
    const before = upstream.find((above) => failures.has(above));
    const isDoomed =
      before !== undefined && /^(all_success|none_failed)$/.test(triggerRule) && !isFinished(task);
    if (isDoomed || task.state === 'upstream_failed') failures.set(id, failures.get(before ?? '') ?? id);
    else if (task.state === 'failed' || (task.state === 'active' && task.counts.failed > 0))
      failures.set(id, id);
  }
  return failures;
}

function latest(taskIds: readonly string[], ends: Ends): string | undefined {
  return taskIds.reduce<string | undefined>(
    (best, id) => (best === undefined || ends.get(id)!.endMs > ends.get(best)!.endMs ? id : best),
    undefined,
  );
}

function pathTo(last: string | undefined, ends: Ends): readonly string[] {
  const path: string[] = [];
  for (let at = last; at !== undefined; at = ends.get(at)!.after) path.unshift(at);
  return path;
}

/** Of a task with one instance, the start of its running attempt: what failed before is lost time. */
function startedAtMs({ instances }: TaskRun): number | undefined {
  if (instances.length === 1) {
    const [{ state, startedAtMs, firstStartedAtMs }] = instances as [TaskRun['instances'][0]];
    return state === 'up_for_retry' ? undefined : state === 'running' ? startedAtMs : firstStartedAtMs;
  }
  const starts = instances.flatMap(({ firstStartedAtMs }) => firstStartedAtMs ?? []);
  return starts.length === 0 ? undefined : starts.reduce((a, b) => Math.min(a, b));
}

function dueMsOf({ instances }: TaskRun): number {
  return instances.length === 1 ? (instances[0]!.dueMs ?? 0) : 0;
}

function endedAtMs(run: RunState, taskIds: readonly string[]): number | undefined {
  const ends = taskIds.flatMap((id) =>
    run.tasks[id]!.instances.flatMap(({ endedAtMs }) => (endedAtMs === undefined ? [] : [endedAtMs])),
  );
  return ends.length === 0 ? run.endedAtMs : ends.reduce((a, b) => Math.max(a, b));
}
