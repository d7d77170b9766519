/** Why a task or one of its instances ended as it did. */
import { aside, inWords, quoted } from './explain-words.ts';
import type { TaskNode } from './graph.ts';
import { indexGraph } from './graph.ts';
import { listLength, type RunState, type TaskInstance } from './run-model.ts';
import { meaningOf } from './settle.ts';
import { verdictOf } from './trigger-rules.ts';

/** The rest of a sentence that begins with the task's name. Without `instance`: of a mapped task as a whole. */
export function explainEnd(run: RunState, node: TaskNode, instance?: TaskInstance): string {
  const task = run.tasks[node.id]!;
  if (instance?.marked) return `was set to ${instance.state} by hand${aside(instance.note)}`;
  switch (instance?.state ?? task.state) {
    case 'success':
      return succeeded(run, node, instance);
    case 'failed':
      return instance === undefined ? failedAsWhole(run, node) : failed(node, instance);
    case 'upstream_failed':
      return `did not run, because ${originOf(run, node)}`;
    default:
      return skipped(run, node, instance);
  }
}

function succeeded(run: RunState, node: TaskNode, instance: TaskInstance | undefined): string {
  const task = run.tasks[node.id]!;
  if (instance === undefined)
    return `succeeded in all of its ${task.counts.success} instances that had something to do`;
  const tookMs = instance.endedAtMs! - instance.startedAtMs!;
  const cut =
    instance.shortCircuit === undefined
      ? ''
      : ` and said that nothing behind it needs to run${aside(instance.shortCircuit)}`;
  return `succeeded at attempt ${instance.attempt} after ${inWords(tookMs)}${cut}`;
}

function failed(node: TaskNode, { attempt, error, failures, losses }: TaskInstance): string {
  const { retry } = node;
  const what = error?.message;
  if (error?.code === 'FL_CANCELLED') return `was stopped at attempt ${attempt}${aside(what)}`;
  if (losses > retry.lossesMax)
    return `failed, because ${losses} attempts were lost with their workers${aside(what)}`;
  if (failures >= retry.attemptsMax) {
    return retry.attemptsMax === 1
      ? `failed; it has one try only${aside(what)}`
      : `failed ${failures} times, as often as it may${aside(what)}`;
  }
  if (error?.code === 'FL_TASK_TIMEOUT') return `gave up waiting${aside(what)}`;
  return `failed at attempt ${attempt} and is not tried again, because that could not help${aside(what)}`;
}

function failedAsWhole(run: RunState, { id }: TaskNode): string {
  const { instances, counts, mapCount } = run.tasks[id]!;
  const first = instances.find(({ state }) => state === 'failed');
  if (first === undefined) return 'was set to failed by hand';
  return `failed in ${counts.failed} of ${mapCount} instances, first in [${first.mapIndex}]${aside(first.error?.message ?? first.note)}`;
}

/** Follows the failure back to the task that caused it. */
function originOf(run: RunState, node: TaskNode): string {
  let at = node;
  for (;;) {
    const cause = at.upstream.find((id) => run.tasks[id]!.state === 'failed');
    if (cause !== undefined) {
      const { error, note } = run.tasks[cause]!.instances.find(({ state }) => state === 'failed') ?? {};
      return `${quoted(cause)} failed${aside(error?.message ?? note ?? 'set by hand')}`;
    }
    const next = at.upstream.find((id) => run.tasks[id]!.state === 'upstream_failed');
    if (next === undefined) return 'a task before it had failed at that time';
    at = indexGraph(run.graph).node.get(next)!;
  }
}

function skipped(run: RunState, node: TaskNode, instance: TaskInstance | undefined): string {
  const note = instance?.note;
  if (note !== undefined && note !== run.cancelled) return `skipped itself${aside(note)}`;
  if (run.cancelled !== undefined) return `was skipped, because the run was cancelled${aside(run.cancelled)}`;
  const task = run.tasks[node.id]!;
  if (task.cut) return `was skipped, because ${cutOf(run, node)}`;
  if (task.mapCount === 0) return `was skipped, because ${nothingToMap(run, node)}`;
  if (task.mapCount !== undefined) return 'was skipped, because all its instances were';
  return `was skipped, ${skippingRule(run, node)}`;
}

function skippingRule(run: RunState, node: TaskNode): string {
  // What skipped it may have been cleared since, and have ended otherwise.
  if (verdictOf(node.triggerRule, run.tasks[node.id]!.upstream) !== 'skip') {
    return 'given how the tasks before it had ended then';
  }
  const before = (...meanings: readonly string[]) =>
    node.upstream.find((id) => meanings.includes(meaningOf(run.tasks[id]!, node.id)))!;
  if (before('branched') !== undefined) return `because ${quoted(before('branched'))} branched elsewhere`;
  switch (node.triggerRule) {
    case 'all_failed':
      return `because it runs only if all before it fail, and ${quoted(before('success', 'skipped'))} did not`;
    case 'one_failed':
      return 'because it runs only if a task before it fails, and none did';
    case 'one_success':
      return 'because it runs only if a task before it succeeds, and all were skipped';
    default:
      return `because ${quoted(before('skipped'))} was`;
  }
}

/** Follows a short circuit back to the task that made it. */
function cutOf(run: RunState, node: TaskNode): string {
  let at = node;
  for (;;) {
    const cause = at.upstream.find((id) => run.tasks[id]!.cut);
    if (cause === undefined) return 'a task before it had said that nothing behind it needs to run';
    const reason = run.tasks[cause]!.instances.find(
      ({ shortCircuit }) => shortCircuit !== undefined,
    )?.shortCircuit;
    if (run.tasks[cause]!.state === 'success')
      return `${quoted(cause)} said that nothing behind it needs to run${aside(reason)}`;
    at = indexGraph(run.graph).node.get(cause)!;
  }
}

function nothingToMap(run: RunState, node: TaskNode): string {
  const source = node.inputs[node.expand!]!;
  const length = listLength(indexGraph(run.graph).node.get(source)!, run.tasks[source]!);
  return length === undefined
    ? `${quoted(source)} made no list to map over`
    : `the list of ${quoted(source)} is empty`;
}
