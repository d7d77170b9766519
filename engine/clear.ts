/** Clear: sets tasks back to before their first attempt and lets the run go on. */
import { scheduleInstance } from './expansion.ts';
import { decide, propagate } from './propagate.ts';
import type { RunDraft } from './run-draft.ts';
import type { ClearTarget, EventOf, Refusal } from './run-events.ts';
import { freshInstance, isFinished, listLength, NO_INSTANCES, positionOf } from './run-model.ts';
import { countEnded, isEnded, reopenTask, stopCurrent } from './settle.ts';
import { verdictOf } from './trigger-rules.ts';

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
    stopCurrent(draft, taskId, instance);
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
  stopCurrent(draft, taskId, instance);
  if (isEnded(instance)) {
    countEnded(counts, instance, -1);
    counts.unfinished += 1;
  }
  draft.putInstance(taskId, freshInstance(mapIndex, instance.attempt));
}
