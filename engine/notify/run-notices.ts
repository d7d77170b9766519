/** From a run as it is to the facts of a notice about it. */
import type { RunHash } from '../redis-records.ts';
import type { RunState, TaskInstance } from '../run-model.ts';
import type { RunKind } from '../schedule.ts';
import type { FailureNotice, NoticeRun, TaskTrouble } from './notice.ts';
import type { DagTrouble } from './run-trouble.ts';

const FAILURES_SHOWN_MAX = 3;

export function noticeRun(hash: RunHash, timezone: string): NoticeRun {
  return { dagId: hash.dag!, runId: hash.id!, kind: hash.kind as RunKind, day: hash.day ?? '', timezone };
}

export function runFailed(
  run: RunState,
  about: {
    readonly id: string;
    readonly atMs: number;
    readonly run: NoticeRun;
    readonly trouble: Pick<DagTrouble, 'inARow' | 'sinceMs'>;
  },
): FailureNotice {
  const { inARow, sinceMs } = about.trouble;
  const failed = [...troubles(run)];
  let notRunCount = 0;
  for (const { state } of Object.values(run.tasks)) if (state === 'upstream_failed') notRunCount += 1;
  return {
    kind: 'failure',
    type: 'run-failed',
    id: about.id,
    atMs: about.atMs,
    run: about.run,
    ...(run.startedAtMs === undefined ? {} : { startedAtMs: run.startedAtMs }),
    failures: failed.slice(0, FAILURES_SHOWN_MAX),
    failedCount: failed.length,
    notRunCount,
    ...(run.cancelled === undefined ? {} : { cancelled: run.cancelled }),
    inARow,
    sinceMs,
  };
}

/** Instances that failed, in topological order, then by map index. */
export function* troubles(run: RunState): Generator<TaskTrouble> {
  for (const { id } of run.graph.tasks) {
    for (const instance of run.tasks[id]!.instances) {
      if (instance.state === 'failed') yield toTrouble(id, instance);
    }
  }
}

/** The instance that an attempt id names, by the place of its task in the graph. */
export function instanceAt(
  run: RunState,
  place: number,
  mapIndex: number,
): { readonly taskId: string; readonly instance: TaskInstance } | undefined {
  const node = run.graph.tasks[place];
  const instance = node && run.tasks[node.id]?.instances[mapIndex === -1 ? 0 : mapIndex];
  return instance?.mapIndex === mapIndex ? { taskId: node!.id, instance } : undefined;
}

export function toTrouble(taskId: string, { mapIndex, attempt, error, note }: TaskInstance): TaskTrouble {
  const why = error ?? { code: 'FL_TASK_FAILED', message: note ?? 'it was set so by hand' };
  return { taskId, mapIndex, attempts: attempt, error: why };
}
