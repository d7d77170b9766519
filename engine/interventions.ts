/** What people and limits do to a run: cancel it, clear tasks to run them again, end tasks by hand. */
import { scheduleInstance } from './expansion.ts';
import { decide, propagate } from './propagate.ts';
import type { RunDraft } from './run-draft.ts';
import type { ClearTarget, Refusal, RunEvent } from './run-events.ts';
import {
  freshInstance,
  isFinished,
  listLength,
  NO_INSTANCES,
  positionOf,
  type TaskInstance,
} from './run-model.ts';
import { closeTask, countEnded, endInstance, endTask, endUnstarted, isEnded, reopenTask } from './settle.ts';
import { verdictOf } from './trigger-rules.ts';

type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>;

export function cancel(draft: RunDraft, { reason, nowMs }: EventOf<'cancel'>): Refusal | undefined {
  if (draft.run.state === 'success' || draft.run.state === 'failed') return 'run-not-running';
  draft.run.cancelled = reason;
  const finished: string[] = [];
  for (const { id: taskId } of draft.run.graph.tasks) {
    const task = draft.task(taskId);
    if (task.state === 'none') endUnstarted(draft, taskId, 'skipped', finished, { nowMs, note: reason });
    if (task.state !== 'active') continue;
    for (const instance of [...task.instances]) {
      if (isEnded(instance)) continue;
      stop(draft, taskId, instance);
      const kept = withoutPlans(instance);
      endInstance(
        draft,
        taskId,
        instance.state === 'running'
          ? { ...kept, state: 'failed', endedAtMs: nowMs, error: { code: 'FL_CANCELLED', message: reason } }
          : { ...kept, state: 'skipped', endedAtMs: nowMs, note: reason },
        finished,
      );
    }
  }
  propagate(draft, finished, nowMs);
}

export function clear(draft: RunDraft, event: EventOf<'clear'>): Refusal | undefined {
  const targets = collectTargets(draft, event.targets);
  if (targets === undefined) return 'unknown-instance';
  reopenRun(draft);
  for (const [taskId, mapIndices] of targets) {
    if (isFinished(draft.task(taskId))) reopenTask(draft, taskId);
    if (mapIndices === 'all') resetTask(draft, taskId);
    else for (const mapIndex of mapIndices) resetInstance(draft, taskId, mapIndex);
  }
  if (draft.run.state !== 'running') return;
  const finished: string[] = [];
  for (const [taskId, mapIndices] of targets) {
    if (mapIndices === 'all') decide(draft, taskId, finished, event.nowMs);
    else
      for (const mapIndex of mapIndices)
        scheduleInstance(draft, taskId, draft.instance({ taskId, mapIndex }), event.nowMs);
  }
  propagate(draft, finished, event.nowMs);
}

export function mark(draft: RunDraft, event: EventOf<'mark'>): Refusal | undefined {
  const { taskId, mapIndex, state, nowMs } = event;
  if (!draft.index.node.has(taskId)) return 'unknown-instance';
  const present = draft.task(taskId).instances.filter(({ state }) => state !== 'removed');
  const targets =
    mapIndex === undefined ? present : present.filter((instance) => instance.mapIndex === mapIndex);
  if (mapIndex !== undefined && targets.length === 0) return 'unknown-instance';
  const changed = targets.filter((instance) => instance.state !== state);
  if (changed.length === 0 && (present.length > 0 || draft.task(taskId).state === state)) return;

  if (isFinished(draft.task(taskId))) reopenTask(draft, taskId);
  const task = draft.editTask(taskId);
  for (const instance of changed) {
    stop(draft, taskId, instance);
    if (isEnded(instance)) countEnded(task.counts, instance, -1);
    else task.counts.unfinished -= 1;
    const marked = markedInstance(instance, event);
    draft.putInstance(taskId, marked);
    countEnded(task.counts, marked, 1);
  }
  const finished: string[] = [];
  if (present.length === 0) {
    task.mapCount = 0; // Mapped and never expanded: it ends without instances, and makes an empty list.
    closeTask(draft, taskId, state, finished);
  } else if (task.counts.unfinished === 0) {
    endTask(draft, taskId, finished);
  }
  if (finished.length > 0) propagate(draft, finished, nowMs);
}

/**
 * What to reset, in topological order. Added to what is asked for: direct downstream tasks in flight of a task that had finished,
 * for they read what is about to be made anew. Undefined when a target does not exist.
 */
function collectTargets(
  draft: RunDraft,
  asked: readonly ClearTarget[],
): ReadonlyMap<string, 'all' | readonly number[]> | undefined {
  const wanted = new Map<string, 'all' | Set<number>>();
  for (const { taskId, mapIndices } of asked) {
    if (!draft.index.node.has(taskId)) return undefined;
    const before = wanted.get(taskId);
    if (mapIndices === undefined || before === 'all') wanted.set(taskId, 'all');
    else wanted.set(taskId, new Set([...(before ?? []), ...mapIndices]));
  }
  for (const taskId of [...wanted.keys()]) {
    if (!isFinished(draft.task(taskId))) continue;
    for (const behind of draft.index.downstream.get(taskId)!) {
      if (draft.task(behind).state === 'active') wanted.set(behind, 'all');
    }
  }
  const targets = new Map<string, 'all' | readonly number[]>();
  for (const { id, upstream } of draft.run.graph.tasks) {
    const indices = wanted.get(id);
    if (indices === undefined) continue;
    const whole =
      indices === 'all' || upstream.some((before) => targets.has(before)) || !expansionStands(draft, id);
    const { mapCount = 0 } = draft.task(id);
    if (!whole && [...indices].some((index) => !(index >= 0 && index < mapCount))) return undefined;
    targets.set(id, whole ? 'all' : [...indices].sort((a, b) => a - b));
  }
  return targets;
}

/** Whether a task, decided now, would be expanded to the instances it has. */
function expansionStands(draft: RunDraft, taskId: string): boolean {
  const node = draft.node(taskId);
  const { mapCount = 0, upstream } = draft.task(taskId);
  if (node.expand === undefined || mapCount === 0) return false;
  const source = node.inputs[node.expand]!;
  return (
    verdictOf(node.triggerRule, upstream) === 'run' &&
    listLength(draft.node(source), draft.task(source)) === mapCount
  );
}

function reopenRun(draft: RunDraft): void {
  const { run } = draft;
  if (run.state !== 'success' && run.state !== 'failed') return;
  draft.effects.push({ type: 'run-reopened' });
  run.state = run.startedAtMs === undefined ? 'queued' : 'running';
  delete run.endedAtMs;
  delete run.cancelled;
}

/** Back to undecided. Instances of a mapped task are `removed` until it is expanded again, perhaps to fewer. */
function resetTask(draft: RunDraft, taskId: string): void {
  const task = draft.editTask(taskId);
  const mapped = draft.node(taskId).expand !== undefined;
  for (const instance of task.instances) {
    stop(draft, taskId, instance);
    const { mapIndex, attempt } = instance;
    draft.putInstance(taskId, freshInstance(mapIndex, attempt, mapped ? 'removed' : 'none'));
  }
  Object.assign(task.counts, NO_INSTANCES, mapped ? {} : { unfinished: 1 });
  delete task.mapCount;
  task.state = 'none';
}

function resetInstance(draft: RunDraft, taskId: string, mapIndex: number): void {
  const { counts, instances } = draft.editTask(taskId);
  const instance = instances[positionOf(mapIndex)]!;
  stop(draft, taskId, instance);
  if (isEnded(instance)) {
    countEnded(counts, instance, -1);
    counts.unfinished += 1;
  }
  draft.putInstance(taskId, freshInstance(mapIndex, instance.attempt));
}

/** Tells the world that the current attempt, if there is one, is over. */
function stop(draft: RunDraft, taskId: string, instance: TaskInstance): void {
  const { mapIndex, attempt, state, token } = instance;
  if (state === 'running') draft.effects.push({ type: 'kill', taskId, mapIndex, attempt, token: token! });
  else if (state !== 'none' && !isEnded(instance))
    draft.effects.push({ type: 'unschedule', taskId, mapIndex, attempt });
}

function withoutPlans(instance: TaskInstance): TaskInstance {
  const { leaseUntilMs: _lease, dueMs: _due, ...kept } = instance;
  return kept;
}

function markedInstance(instance: TaskInstance, event: EventOf<'mark'>): TaskInstance {
  const { mapIndex, attempt, failures, losses } = instance;
  return {
    mapIndex,
    attempt,
    failures,
    losses,
    state: event.state,
    endedAtMs: event.nowMs,
    note: event.note,
    marked: true,
    ...(event.state === 'success' && event.result !== undefined ? { result: event.result } : {}),
    ...(event.state === 'success' && event.listLength !== undefined ? { listLength: event.listLength } : {}),
  };
}
