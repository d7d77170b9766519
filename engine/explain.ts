/** Why a task is as it is, in one sentence, from the state of its run alone. */
import { explainEnd } from './explain-end.ts';
import { explainReady, type Surroundings } from './explain-waiting.ts';
import { aside, inWords, quoted } from './explain-words.ts';
import { indexGraph, type TaskNode } from './graph.ts';
import { findInstance, type InstanceKey, isFinished, type RunState, type TaskInstance } from './run-model.ts';
import { verdictOf } from './trigger-rules.ts';

/**
 * `"report" waits for "dwell" (running); it will then not run, because "cleanse" failed.` Without a map index, a mapped task is
 * explained as a whole. `around` tells what is in the way of an attempt that is ready. Throws nothing: what the run does not know
 * is said to be unknown.
 */
export function explain(
  run: RunState,
  key: Pick<InstanceKey, 'taskId'> & Partial<InstanceKey>,
  nowMs: number,
  around?: Surroundings,
): string {
  const { taskId, mapIndex } = key;
  const node = indexGraph(run.graph).node.get(taskId);
  if (node === undefined) return `DAG ${quoted(run.graph.id)} has no task ${quoted(taskId)}.`;
  const task = run.tasks[taskId]!;
  const mapped = node.expand !== undefined;
  if (mapped && mapIndex === undefined && task.state === 'active')
    return `${quoted(taskId)} ${progressOf(run, taskId)}.`;
  const name = mapped && mapIndex !== undefined ? `${quoted(taskId)} [${mapIndex}]` : quoted(taskId);
  const instance = findInstance(run, { taskId, mapIndex: mapped ? (mapIndex ?? 0) : -1 });
  if (task.state === 'none') return `${name} ${waiting(run, node)}.`;
  if (instance === undefined || (mapped && mapIndex === undefined))
    return `${name} ${explainEnd(run, node)}.`;
  return `${name} ${explainInstance(run, node, instance, nowMs, around)}.`;
}

function explainInstance(
  run: RunState,
  node: TaskNode,
  instance: TaskInstance,
  nowMs: number,
  around: Surroundings | undefined,
): string {
  const { attempt, dueMs = nowMs, worker } = instance;
  const on = worker === undefined ? '' : ` on worker ${quoted(worker)}`;
  switch (instance.state) {
    case 'none':
      return waiting(run, node);
    case 'scheduled':
      return dueMs > nowMs
        ? `starts in ${inWords(dueMs - nowMs)}`
        : around === undefined
          ? `is ready and waits for a slot of pool ${quoted(node.pool)}`
          : explainReady(around, attempt);
    case 'queued':
      return `is queued as attempt ${attempt} for a worker of queue ${quoted(node.queue)}${afterTrouble(instance)}`;
    case 'running':
      return `runs as attempt ${attempt} for ${inWords(nowMs - instance.startedAtMs!)}${on}${overdue(instance, nowMs)}${afterTrouble(instance)}`;
    case 'up_for_retry':
      return `${trouble(instance)} and is tried again ${soon(dueMs, nowMs)} as attempt ${attempt}${triesLeft(node, instance)}${inTheWay(around, instance, nowMs)}`;
    case 'up_for_reschedule':
      return `waits${aside(instance.note)} and looks again ${soon(dueMs, nowMs)}${inTheWay(around, instance, nowMs)}`;
    case 'removed':
      return 'belongs to an earlier expansion of the task, which has fewer instances now';
    default:
      return explainEnd(run, node, instance);
  }
}

/** Of a task that its trigger rule has not decided. */
function waiting(run: RunState, node: TaskNode): string {
  if (run.state === 'queued') return 'waits for its run to start';
  const open = node.upstream.filter((id) => !isFinished(run.tasks[id]!));
  if (open.length === 0) return 'waits for its run to go on'; // Only for a moment, between an event and its effects.
  const named = open.slice(0, 3).map((id) => `${quoted(id)} (${stateOf(run, id)})`);
  const more = open.length > 3 ? ` and ${open.length - 3} more` : '';
  return `waits for ${named.join(', ')}${more}${outlook(run, node)}`;
}

/** What will become of it whatever the others do, if that is known. */
function outlook(run: RunState, node: TaskNode): string {
  const { unfinished, ...ended } = run.tasks[node.id]!.upstream;
  const verdicts = (['success', 'failed', 'skipped'] as const).map((rest) =>
    verdictOf(node.triggerRule, { ...ended, unfinished: 0, [rest]: ended[rest] + unfinished }),
  );
  if (!verdicts.every((verdict) => verdict === 'upstream_failed')) return '';
  const failed = node.upstream.find((id) => ['failed', 'upstream_failed'].includes(run.tasks[id]!.state))!;
  return `; it will then not run, because ${quoted(failed)} ${run.tasks[failed]!.state === 'failed' ? 'failed' : 'did not run'}`;
}

function stateOf(run: RunState, taskId: string): string {
  const task = run.tasks[taskId]!;
  if (task.state === 'none') return 'waiting';
  if (task.mapCount !== undefined)
    return `${task.mapCount - task.counts.unfinished} of ${task.mapCount} ended`;
  return task.instances[0]!.state;
}

function progressOf(run: RunState, taskId: string): string {
  const { mapCount = 0, counts, instances } = run.tasks[taskId]!;
  const running = instances.filter(({ state }) => state === 'running').length;
  const parts = [`${mapCount - counts.unfinished} of ${mapCount} instances have ended`, `${running} run`];
  if (counts.failed > 0) parts.push(`${counts.failed} failed`);
  const waits = counts.unfinished - running;
  if (waits > 0) parts.push(`${waits} wait`);
  return `is under way: ${parts.join(', ')}`;
}

/** How the latest attempt that did not end well went. */
function trouble({ attempt, error }: TaskInstance): string {
  const how = error?.code === 'FL_LEASE_LOST' ? 'was lost with its worker' : 'failed';
  return `${how} at attempt ${attempt - 1}${aside(error?.message)}`;
}

function afterTrouble(instance: TaskInstance): string {
  return instance.error === undefined ? '' : `, after it ${trouble(instance)}`;
}

function triesLeft({ retry }: TaskNode, { failures }: TaskInstance): string {
  const left = retry.attemptsMax - failures;
  return `, ${left === 1 ? 'its last try' : `with ${left} tries left`}`;
}

/** Of an attempt whose time has come. */
function inTheWay(
  around: Surroundings | undefined,
  { attempt, dueMs = 0 }: TaskInstance,
  nowMs: number,
): string {
  return (around?.place ?? around?.limit) === undefined || dueMs > nowMs
    ? ''
    : `; it ${explainReady(around!, attempt)}`;
}

function overdue({ leaseUntilMs }: TaskInstance, nowMs: number): string {
  return leaseUntilMs !== undefined && leaseUntilMs < nowMs
    ? `, but has given no sign of life since its lease ran out ${inWords(nowMs - leaseUntilMs)} ago`
    : '';
}

function soon(dueMs: number, nowMs: number): string {
  return dueMs > nowMs ? `in ${inWords(dueMs - nowMs)}` : 'as soon as a worker is free';
}
