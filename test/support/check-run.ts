/** What must hold of a run's state at any time, found by counting everything again. */
import { expect } from 'vitest';
import {
  NO_INSTANCES,
  NO_UPSTREAM,
  type RunState,
  type TaskRun,
  type UpstreamCounts,
} from '../../engine/run-model.ts';

const ENDED = ['success', 'failed', 'upstream_failed', 'skipped'];
const IN_FLIGHT = ['scheduled', 'queued', 'running', 'up_for_retry', 'up_for_reschedule'];

/** Fails with the first counter or state that does not agree with the rest. */
export function checkRun(run: RunState): void {
  let unfinished = 0;
  let failedLeaves = 0;
  let inFlight = 0;
  for (const node of run.graph.tasks) {
    const task = run.tasks[node.id]!;
    expect(task.upstream, `upstream of ${node.id}`).toEqual(recountUpstream(run, node.id, node.upstream));
    expect(task.counts, `instances of ${node.id}`).toEqual(recountInstances(task));
    checkTask(run, node.id, task, node.expand !== undefined);
    if (!ENDED.includes(task.state)) unfinished += 1;
    const isLeaf = !run.graph.tasks.some(({ upstream }) => upstream.includes(node.id));
    if (isLeaf && (task.state === 'failed' || task.state === 'upstream_failed')) failedLeaves += 1;
    inFlight += task.instances.filter(({ state }) => IN_FLIGHT.includes(state)).length;
  }
  expect({ unfinished: run.unfinished, failedLeaves: run.failedLeaves }).toEqual({
    unfinished,
    failedLeaves,
  });
  if (run.state === 'running')
    expect(inFlight, 'a running run has something that runs or waits').toBeGreaterThan(0);
  else expect(inFlight, 'nothing runs in a run that is not running').toBe(0);
  if (run.state === 'success' || run.state === 'failed') {
    expect(unfinished).toBe(0);
    expect(run.state).toBe(failedLeaves > 0 || run.cancelled !== undefined ? 'failed' : 'success');
  }
}

function checkTask(run: RunState, id: string, task: TaskRun, mapped: boolean): void {
  task.instances.forEach((instance, position) => {
    expect(instance.mapIndex, `map index in ${id}`).toBe(mapped ? position : -1);
    expect(instance.leaseUntilMs !== undefined, `${id} holds a lease only while it runs`).toBe(
      instance.state === 'running',
    );
  });
  if (mapped) {
    const current = task.instances.filter(({ state }) => state !== 'removed');
    expect(current.length, `${id} has as many instances as it was expanded to`).toBe(task.mapCount ?? 0);
    expect(current.every(({ mapIndex }, position) => mapIndex === position)).toBe(true);
  } else {
    expect(task.instances.length).toBe(1);
  }
  const states = task.instances.map(({ state }) => state).filter((state) => state !== 'removed');
  if (task.state === 'none') expect(states.every((state) => state === 'none')).toBe(true);
  if (task.state === 'active')
    expect(
      states.some((state) => IN_FLIGHT.includes(state)),
      `${id} is active`,
    ).toBe(true);
  if (ENDED.includes(task.state)) {
    expect(
      states.every((state) => ENDED.includes(state)),
      `all of ${id} has ended`,
    ).toBe(true);
    if (states.length > 0) expect(task.state).toBe(aggregate(states));
  }
  expect(run.tasks[id]).toBe(task);
}

function aggregate(states: readonly string[]): string {
  for (const state of ['failed', 'upstream_failed', 'success']) if (states.includes(state)) return state;
  return 'skipped';
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
