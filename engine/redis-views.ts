/** From a run's hash in Redis to what faces are shown. */
import { formatAttemptId } from './attempt-id.ts';
import { indexGraph } from './graph.ts';
import type { RunHash } from './redis-records.ts';
import type { Progress } from './run-attempt.ts';
import { positionOf, type RunState } from './run-model.ts';
import { summarize, type TaskSummary } from './run-summary.ts';
import type { PastAttempt, RunRow, RunView, TaskView } from './run-view.ts';
import type { RunKind } from './schedule.ts';
import type { RunState as RunPhase } from './states.ts';

/** A run as it was read. */
export interface LoadedRun {
  readonly seq: string;
  readonly hash: RunHash;
  readonly state: RunState;
}

/** Fields of the hash that a row needs. */
export const ROW_FIELDS = [
  'dag',
  'id',
  'kind',
  'state',
  'day',
  'start',
  'end',
  'taskCount',
  'unfinished',
  'created',
  'started',
  'ended',
  'note',
  'cancelled',
  'rev',
] as const;

/** Undefined when the run was deleted between two reads. */
export function toRow(values: readonly (string | null)[]): { row: RunRow; rev: string } | undefined {
  const hash = Object.fromEntries(
    ROW_FIELDS.flatMap((name, at) => (values[at] == null ? [] : [[name, values[at]]])),
  );
  return hash.id === undefined ? undefined : { row: rowOf(hash), rev: hash.rev ?? '0' };
}

function rowOf(hash: RunHash): RunRow {
  return {
    dagId: hash.dag!,
    runId: hash.id!,
    kind: hash.kind as RunKind,
    state: hash.state as RunPhase,
    day: hash.day ?? '',
    interval: { startIso: hash.start!, endIso: hash.end! },
    taskCount: Number(hash.taskCount),
    unfinished: Number(hash.unfinished),
    createdAtMs: Number(hash.created),
    ...(hash.started === undefined ? {} : { startedAtMs: Number(hash.started) }),
    ...(hash.ended === undefined ? {} : { endedAtMs: Number(hash.ended) }),
    ...(hash.note === undefined ? {} : { note: hash.note }),
    ...(hash.cancelled === undefined ? {} : { cancelled: hash.cancelled }),
  };
}

export function toView({ seq, hash, state }: LoadedRun): RunView {
  const summary = summarize(state, hash.day ?? '', Date.now());
  return {
    ...rowOf(hash),
    ...summary,
    params: JSON.parse(hash.params ?? '{}') as Record<string, unknown>,
    version: hash.version!,
    ...(hash.code === undefined ? {} : { code: hash.code }),
    ...(hash.conf === undefined ? {} : { conf: JSON.parse(hash.conf) as Record<string, unknown> }),
    tasks: summary.tasks.map((task) => toTaskView(seq, hash, state, task)),
  };
}

function toTaskView(seq: string, hash: RunHash, run: RunState, task: TaskSummary): TaskView {
  const place = indexGraph(run.graph).rank.get(task.taskId)!;
  const { mapIndex } = task;
  const instance = run.tasks[task.taskId]!.instances[positionOf(mapIndex)];
  if (instance === undefined || instance.mapIndex !== mapIndex) return task;
  const { attempt, worker, startedAtMs, endedAtMs, dueMs } = instance;
  const progress = hash[`p${place}${mapIndex === -1 ? '' : `.${mapIndex}`}`];
  return {
    ...task,
    ...(attempt === 0 ? {} : { attemptId: formatAttemptId({ run: seq, task: place, mapIndex, attempt }) }),
    ...(worker === undefined ? {} : { worker }),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(dueMs === undefined ? {} : { dueAtMs: dueMs }),
    ...(progress === undefined ? {} : { progress: JSON.parse(progress) as Progress }),
  };
}

/** Times in the history are ms since the run was inserted; see remember in lua/includes/attempts.lua. */
export function toPastAttempt(line: string, createdMs: number): PastAttempt {
  const { task, map, attempt, outcome, worker, started, ended, error } = JSON.parse(line);
  return {
    taskId: task,
    mapIndex: map,
    attempt,
    outcome,
    ...(worker === undefined ? {} : { worker }),
    ...(started === undefined ? {} : { startedAtMs: createdMs + started }),
    endedAtMs: createdMs + ended,
    error,
  };
}
