/** How a task that may run comes by its instances: one, or one per element of the list that it is mapped over. */
import type { RunDraft } from './run-draft.ts';
import { freshInstance, isFinished, listLength, type TaskInstance } from './run-model.ts';
import { endUnstarted } from './settle.ts';

/** A list that tasks map over may have this many elements. */
export const MAP_COUNT_MAX = 10_000;

/** Schedules the instances of a task whose trigger rule lets it run; one that has nothing to map over is skipped. */
export function startTask(draft: RunDraft, taskId: string, finished: string[], nowMs: number): void {
  const node = draft.node(taskId);
  if (node.expand === undefined) {
    draft.editTask(taskId).state = 'active';
    scheduleInstance(draft, taskId, draft.instance({ taskId, mapIndex: -1 }), nowMs);
    return;
  }
  const source = node.inputs[node.expand]!;
  // Another path may have satisfied one_success or one_failed; the list comes with the source, whose end asks again.
  if (!isFinished(draft.task(source))) return;
  const mapCount = listLength(draft.node(source), draft.task(source)) ?? 0;
  const task = draft.editTask(taskId);
  task.mapCount = mapCount;
  if (mapCount === 0) {
    endUnstarted(draft, taskId, 'skipped', finished, { nowMs });
    return;
  }
  task.state = 'active';
  task.counts.unfinished = mapCount;
  for (let mapIndex = 0; mapIndex < mapCount; mapIndex += 1) {
    scheduleInstance(draft, taskId, task.instances[mapIndex] ?? freshInstance(mapIndex), nowMs);
  }
}

/** Makes an instance that has not begun, or was cleared, ready for its next attempt. */
export function scheduleInstance(
  draft: RunDraft,
  taskId: string,
  instance: TaskInstance,
  nowMs: number,
): void {
  const { mapIndex } = instance;
  const attempt = instance.attempt + 1;
  draft.putInstance(taskId, { ...instance, state: 'scheduled', attempt, dueMs: nowMs });
  draft.effects.push({ type: 'schedule', taskId, mapIndex, attempt, dueMs: nowMs });
}
