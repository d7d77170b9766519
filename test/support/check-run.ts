/** What must hold of a run's state at any time, found by counting everything again. */
import { deepStrictEqual } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import {
  NO_INSTANCES,
  NO_UPSTREAM,
  type RunState,
  type TaskRun,
  type UpstreamCounts,
} from '../../engine/run-model.ts';

const ENDED: readonly string[] = ['success', 'failed', 'upstream_failed', 'skipped'];
const IN_FLIGHT: readonly string[] = ['scheduled', 'queued', 'running', 'up_for_retry', 'up_for_reschedule'];

/** Fails with the first counter or state that does not agree with the rest. */
export function checkRun(run: RunState): void {
  let unfinished = 0;
  let failedLeaves = 0;
  let inFlight = 0;
  for (const node of run.graph.tasks) {
    const task = run.tasks[node.id]!;
    agree(`upstream of ${node.id}`, task.upstream, recountUpstream(run, node.id, node.upstream));
    agree(`instances of ${node.id}`, task.counts, recountInstances(task));
    if (node.expand === undefined) checkSingle(node.id, task);
    else checkMapped(node.id, task);
    checkState(node.id, task);
    checkCut(node.id, task);
    if (!ENDED.includes(task.state)) unfinished += 1;
    const isLeaf = !run.graph.tasks.some(({ upstream }) => upstream.includes(node.id));
    if (isLeaf && (task.state === 'failed' || task.state === 'upstream_failed')) failedLeaves += 1;
    inFlight += task.instances.filter(({ state }) => IN_FLIGHT.includes(state)).length;
  }
  agree('unfinished tasks', run.unfinished, unfinished);
  agree('failed leaves', run.failedLeaves, failedLeaves);
  agree('something runs or waits exactly while the run is running', inFlight > 0, run.state === 'running');
  if (run.state === 'success' || run.state === 'failed') {
    agree('unfinished tasks of a finished run', unfinished, 0);
    const failed = failedLeaves > 0 || run.cancelled !== undefined;
    agree('state of a finished run', run.state, failed ? 'failed' : 'success');
  }
}

function checkSingle(id: string, task: TaskRun): void {
  agree(`instances of ${id}`, task.instances.length, 1);
  agree(`map index in ${id}`, task.instances[0]?.mapIndex, -1);
}

/** The current expansion comes first; leftovers of a longer one before a clear are `removed`. */
function checkMapped(id: string, task: TaskRun): void {
  const { mapCount = 0 } = task;
  task.instances.forEach(({ mapIndex, state }, position) => {
    agree(`map index in ${id}`, mapIndex, position);
    agree(`${id}[${position}] beyond the expansion is removed`, state === 'removed', position >= mapCount);
  });
  agree(`instances of ${id}`, task.instances.length >= mapCount, true);
}

function checkState(id: string, task: TaskRun): void {
  const states = task.instances.map(({ state }) => state).filter((state) => state !== 'removed');
  for (const { state, leaseUntilMs, mapIndex } of task.instances) {
    agree(
      `${id}[${mapIndex}] holds a lease only while it runs`,
      leaseUntilMs !== undefined,
      state === 'running',
    );
  }
  if (task.state === 'none')
    agree(
      `states in ${id}`,
      states.every((state) => state === 'none'),
      true,
    );
  else
    agree(
      `something in ${id} is in flight`,
      states.some((state) => IN_FLIGHT.includes(state)),
      task.state === 'active',
    );
  if (ENDED.includes(task.state) && states.length > 0) agree(`state of ${id}`, task.state, stateFrom(states));
}

/** A task cuts what is behind it if its successes all say so, or if it was skipped for that reason itself. */
function checkCut(id: string, task: TaskRun): void {
  const { success, shortCircuits } = task.counts;
  if (task.state === 'success')
    agree(`cut of ${id}`, task.cut === true, success > 0 && shortCircuits === success);
  else if (task.state !== 'skipped') agree(`cut of ${id}`, task.cut, undefined);
}

function stateFrom(states: readonly string[]): string {
  return ['failed', 'upstream_failed', 'success'].find((state) => states.includes(state)) ?? 'skipped';
}

function recountUpstream(run: RunState, id: string, upstream: readonly string[]): UpstreamCounts {
  const counts = { ...NO_UPSTREAM };
  for (const before of upstream) {
    const { state, cut, instances } = run.tasks[before]!;
    if (state === 'none' || state === 'active') counts.unfinished += 1;
    else if (cut) counts.cut += 1;
    else if (state === 'success' && instances[0]?.notFollowed?.includes(id)) counts.branched += 1;
    else counts[state] += 1;
  }
  return counts;
}

function recountInstances(task: TaskRun): TaskRun['counts'] {
  const counts = { ...NO_INSTANCES };
  for (const { state, shortCircuit } of task.instances) {
    if (state === 'removed') continue;
    if (state === 'success' || state === 'failed' || state === 'upstream_failed' || state === 'skipped')
      counts[state] += 1;
    else counts.unfinished += 1;
    if (state === 'success' && shortCircuit !== undefined) counts.shortCircuits += 1;
  }
  return counts;
}

/** An assertion makes its message first, and this is asked a million times. */
function agree(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  deepStrictEqual(actual, expected, `${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}
