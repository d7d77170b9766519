/** Deadlines: by when a run should have ended, and, while it goes on, whether it will. */
import { DateTime } from 'luxon';
import type { DagOptions } from './dag.ts';
import { dayOf } from './local-time.ts';
import { isFinished, type RunState, type TaskRun } from './run-model.ts';
import type { DataInterval } from './schedule.ts';

/** The instant of `deadline` on the local day on which the interval ends; undefined when the DAG has none. */
export function deadlineMsOf(
  { deadline, timezone = 'UTC' }: Pick<DagOptions, 'deadline' | 'timezone'>,
  interval: Pick<DataInterval, 'endMs'>,
): number | undefined {
  if (deadline === undefined) return undefined;
  return DateTime.fromISO(`${dayOf(interval.endMs, timezone)}T${deadline}`, { zone: timezone }).toMillis();
}

export interface Forecast {
  /** `met`: ended in time. `expected`: will end in time. `at-risk`: will probably not. `missed`: has not. */
  readonly verdict: 'met' | 'expected' | 'at-risk' | 'missed';
  /** When it ended, or will as far as history tells. */
  readonly endMs: number;
  /** The tasks that the end still waits for, first to last. */
  readonly criticalPath: readonly string[];
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
  },
): Forecast {
  const { deadlineMs, nowMs, usualMs } = options;
  const ends = new Map<string, { readonly endMs: number; readonly after: string | undefined }>();
  for (const { id, upstream } of run.graph.tasks) {
    const task = run.tasks[id]!;
    if (isFinished(task)) continue;
    const after = latest(
      upstream.filter((before) => ends.has(before)),
      ends,
    );
    const startMs = startedAtMs(task) ?? (after === undefined ? nowMs : ends.get(after)!.endMs);
    ends.set(id, { endMs: Math.max(nowMs, startMs + (usualMs(id) ?? 0)), after });
  }
  const last = latest([...ends.keys()], ends);
  const endMs = last === undefined ? (run.endedAtMs ?? nowMs) : ends.get(last)!.endMs;
  return { verdict: verdictOf(run, endMs, deadlineMs, nowMs), endMs, criticalPath: pathTo(last, ends) };
}

type Ends = ReadonlyMap<string, { readonly endMs: number; readonly after: string | undefined }>;

function verdictOf(run: RunState, endMs: number, deadlineMs: number, nowMs: number): Forecast['verdict'] {
  if (run.state === 'success') return endMs <= deadlineMs ? 'met' : 'missed';
  if (nowMs > deadlineMs || run.state === 'failed') return 'missed';
  return endMs <= deadlineMs ? 'expected' : 'at-risk';
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

function startedAtMs({ instances }: TaskRun): number | undefined {
  const starts = instances.flatMap(({ firstStartedAtMs }) => firstStartedAtMs ?? []);
  return starts.length === 0 ? undefined : starts.reduce((a, b) => Math.min(a, b));
}
