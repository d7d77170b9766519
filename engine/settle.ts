/** Ends, one level up at a time: an instance, its task, the run. Keeps the counters; decides nothing about what follows. */
import { indexGraph } from './graph.ts';
import type { RunDraft, Writable } from './run-draft.ts';
import {
  type InstanceCounts,
  isFinished,
  type RunState,
  type TaskInstance,
  type TaskRun,
  type UpstreamCounts,
} from './run-model.ts';
import { FINISHED_STATES } from './states.ts';

type EndState = 'success' | 'failed' | 'upstream_failed' | 'skipped';

/** Ends an unfinished instance and, with the last one, its task. A task that finishes is put on `finished`. */
export function endInstance(draft: RunDraft, taskId: string, ended: TaskInstance, finished: string[]): void {
  const { counts } = draft.editTask(taskId);
  draft.putInstance(taskId, ended);
  counts.unfinished -= 1;
  countEnded(counts, ended, 1);
  if (counts.unfinished === 0) endTask(draft, taskId, finished);
}

/** Counts an ended instance, or takes it out again (`sign` -1). */
export function countEnded(counts: Writable<InstanceCounts>, ended: TaskInstance, sign: 1 | -1): void {
  counts[ended.state as EndState] += sign;
  if (ended.state === 'success' && ended.shortCircuit !== undefined) counts.shortCircuits += sign;
}

/** The last instance has ended: the task's state follows from its counters. */
export function endTask(draft: RunDraft, taskId: string, finished: string[]): void {
  const { counts } = draft.task(taskId);
  if (counts.failed > 0) closeTask(draft, taskId, 'failed', finished);
  else if (counts.upstream_failed > 0) closeTask(draft, taskId, 'upstream_failed', finished);
  else if (counts.success === 0) closeTask(draft, taskId, 'skipped', finished);
  else closeTask(draft, taskId, 'success', finished, counts.shortCircuits === counts.success);
}

/** Finishes a task of which nothing has run. */
export function endUnstarted(
  draft: RunDraft,
  taskId: string,
  state: 'upstream_failed' | 'skipped',
  finished: string[],
  options: { readonly nowMs: number; readonly cut?: boolean; readonly note?: string },
): void {
  if (draft.node(taskId).expand === undefined) {
    const { counts, instances } = draft.editTask(taskId);
    const note = options.note === undefined ? {} : { note: options.note };
    draft.putInstance(taskId, { ...instances[0]!, state, endedAtMs: options.nowMs, ...note });
    counts.unfinished -= 1;
    counts[state] += 1;
  }
  closeTask(draft, taskId, state, finished, options.cut);
}

/** `cut`: everything behind is skipped. */
export function closeTask(
  draft: RunDraft,
  taskId: string,
  state: EndState,
  finished: string[],
  cut = false,
): void {
  const task = draft.editTask(taskId);
  task.state = state;
  if (cut) task.cut = true;
  draft.run.unfinished -= 1;
  if (isFailedLeaf(draft.run, taskId, task)) draft.run.failedLeaves += 1;
  draft.effects.push({ type: 'task-finished', taskId, state });
  finished.push(taskId);
}

/** Takes back what a finished task has told the tasks behind it and the run; it is `active` then, its instances untouched. */
export function reopenTask(draft: RunDraft, taskId: string): void {
  const task = draft.editTask(taskId);
  for (const behind of draft.index.downstream.get(taskId)!) {
    const { upstream } = draft.editTask(behind);
    upstream[meaningOf(task, behind)] -= 1;
    upstream.unfinished += 1;
  }
  if (isFailedLeaf(draft.run, taskId, task)) draft.run.failedLeaves -= 1;
  draft.run.unfinished += 1;
  task.state = 'active';
  delete task.cut;
}

export function endRun(draft: RunDraft, nowMs: number): void {
  const { run } = draft;
  run.state = run.failedLeaves > 0 || run.cancelled !== undefined ? 'failed' : 'success';
  run.endedAtMs = nowMs;
  draft.effects.push({ type: 'run-finished', state: run.state });
}

/** What a task means to `behind`, one of its direct downstream tasks: which of its counters it is in. */
export function meaningOf(task: TaskRun, behind: string): keyof UpstreamCounts {
  if (!isFinished(task)) return 'unfinished';
  if (task.cut) return 'cut';
  if (task.state === 'success' && task.instances[0]?.notFollowed?.includes(behind)) return 'branched';
  return task.state as EndState;
}

/** As in Airflow, the leaves decide how a run ended: a failure that a task behind it could handle is handled. */
export function isFailedLeaf(
  run: Pick<RunState, 'graph'>,
  taskId: string,
  task: Pick<TaskRun, 'state'>,
): boolean {
  const failed = task.state === 'failed' || task.state === 'upstream_failed';
  return failed && indexGraph(run.graph).downstream.get(taskId)!.length === 0;
}

export function isEnded(instance: TaskInstance): boolean {
  return FINISHED_STATES.has(instance.state);
}

/** Tells the world that the current attempt, if there is one, is over. */
export function stopCurrent(draft: RunDraft, taskId: string, instance: TaskInstance): void {
  const { mapIndex, attempt, state, token } = instance;
  if (state === 'running') draft.effects.push({ type: 'kill', taskId, mapIndex, attempt, token: token! });
  else if (state !== 'none' && !isEnded(instance))
    draft.effects.push({ type: 'unschedule', taskId, mapIndex, attempt });
}
