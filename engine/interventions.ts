/** What ends tasks without an attempt's word: cancel for a whole run, mark for one task, by hand. */
import { propagate } from './propagate.ts';
import type { RunDraft } from './run-draft.ts';
import type { EventOf, Refusal } from './run-events.ts';
import { isFinished, type TaskInstance } from './run-model.ts';
import {
  closeTask,
  countEnded,
  endInstance,
  endTask,
  endUnstarted,
  isEnded,
  reopenTask,
  stopCurrent,
} from './settle.ts';

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
      stopCurrent(draft, taskId, instance);
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

export function mark(draft: RunDraft, event: EventOf<'mark'>): Refusal | undefined {
  const { taskId, mapIndex, openOnly = false, state, nowMs } = event;
  if (!draft.index.node.has(taskId)) return 'unknown-instance';
  const present = draft.task(taskId).instances.filter(({ state }) => state !== 'removed');
  const targets =
    mapIndex === undefined ? present : present.filter((instance) => instance.mapIndex === mapIndex);
  if (mapIndex !== undefined && targets.length === 0) return 'unknown-instance';
  if (openOnly && isFinished(draft.task(taskId))) return;
  const changed = targets.filter((instance) => instance.state !== state && !(openOnly && isEnded(instance)));
  if (changed.length === 0 && (present.length > 0 || draft.task(taskId).state === state)) return;

  if (isFinished(draft.task(taskId))) reopenTask(draft, taskId);
  const task = draft.editTask(taskId);
  for (const instance of changed) {
    stopCurrent(draft, taskId, instance);
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
