/** Properties of the pure core over random DAGs and histories: all trigger rules, maps, failures, losses, clears, marks, cancels. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunState } from '../../engine/run-state.ts';
import { checkRun } from '../support/check-run.ts';
import { graphs } from '../support/random-graphs.ts';
import { moves, playHistory, type Step } from '../support/run-histories.ts';

const numRuns = Number(process.env.FLYERLINE_PROPERTY_RUNS ?? 150);

describe('the run state machine, over random DAGs and histories', () => {
  it('keeps every counter equal to a recount, and never gets stuck', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        const steps = playHistory(graph, played);
        for (const { state } of steps) checkRun(state);
        expect(['success', 'failed']).toContain(steps.at(-1)!.state.state);
      }),
      { numRuns },
    );
  });

  it('starts nothing before the tasks before it allow it', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        // Who marks a task by hand does not take back what it has already let run.
        let byHand = false;
        for (const { event, before, state: after, effects, refusal } of playHistory(graph, played)) {
          byHand ||= event.type === 'mark' && refusal === undefined;
          for (const effect of effects) {
            if (effect.type !== 'schedule') continue;
            if (!byHand || before.tasks[effect.taskId]!.state === 'none') expectAllowed(after, effect.taskId);
          }
          if (event.type === 'claim' && refusal === undefined && !byHand) expectAllowed(after, event.taskId);
        }
      }),
      { numRuns },
    );
  });

  it('ends each attempt once, whoever reports it, and however often', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        const ended = new Set<string>();
        for (const { event, before, state: after, refusal } of playHistory(graph, played)) {
          if (!('token' in event) || event.type === 'claim' || refusal !== undefined || before === after)
            continue;
          const { taskId, mapIndex, attempt, token } = event;
          if (instanceOf(before, taskId, mapIndex)?.state !== 'running') continue; // A repetition, accepted without effect.
          expect(instanceOf(before, taskId, mapIndex)?.token).toBe(token);
          if (event.type === 'heartbeat') continue;
          const key = `${taskId}/${mapIndex}/${attempt}`;
          expect(ended.has(key), `${key} ended twice`).toBe(false);
          ended.add(key);
        }
      }),
      { numRuns },
    );
  });

  it('never gives an attempt number out twice, and never two attempts of an instance at a time', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        const scheduled = new Set<string>();
        const running = new Map<string, string>();
        for (const step of playHistory(graph, played)) {
          for (const effect of step.effects) {
            if (effect.type !== 'schedule') continue;
            const key = `${effect.taskId}/${effect.mapIndex}/${effect.attempt}`;
            expect(scheduled.has(key), `${key} scheduled twice`).toBe(false);
            scheduled.add(key);
          }
          trackRunning(running, step);
        }
        expect([...running.values()]).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('announces the end of a task once per end, and the end of the run last', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        for (const { before, state: after, effects, event } of playHistory(graph, played)) {
          const announced = effects.flatMap((effect) =>
            effect.type === 'task-finished' ? [effect.taskId] : [],
          );
          expect(new Set(announced).size).toBe(announced.length);
          for (const { id } of graph.tasks) {
            const has = isEnded(after.tasks[id]!.state);
            if (!has) expect(announced).not.toContain(id);
            else if (!isEnded(before.tasks[id]!.state)) expect(announced).toContain(id);
            else if (event.type !== 'mark' && event.type !== 'clear') expect(announced).not.toContain(id);
          }
          const end = effects.findIndex(({ type }) => type === 'run-finished');
          if (end !== -1) expect(end).toBe(effects.length - 1);
        }
      }),
      { numRuns },
    );
  });

  it('leaves the state it was given untouched', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        let seen: string | undefined;
        for (const { before, state: after } of playHistory(graph, played)) {
          if (seen !== undefined) expect(JSON.stringify(before)).toBe(seen);
          seen = JSON.stringify(after);
          expect(JSON.parse(seen)).toEqual(after);
        }
      }),
      { numRuns: Math.ceil(numRuns / 8) },
    );
  });
});

/** The trigger rules as their names say them, from the states of the upstream tasks. */
function expectAllowed(run: RunState, taskId: string): void {
  const node = run.graph.tasks.find(({ id }) => id === taskId)!;
  const states = node.upstream.map((id) => run.tasks[id]!.state);
  const ended = states.every(isEnded);
  const allowed = {
    all_success: ended && states.every((state) => state === 'success'),
    all_failed: ended && states.every((state) => state === 'failed' || state === 'upstream_failed'),
    all_done: ended,
    one_success: states.length === 0 || states.includes('success'),
    one_failed:
      states.length === 0 || states.some((state) => state === 'failed' || state === 'upstream_failed'),
    none_failed: ended && states.every((state) => state === 'success' || state === 'skipped'),
    none_skipped: ended && !states.includes('skipped'),
  }[node.triggerRule];
  expect(allowed, `${taskId} (${node.triggerRule}) after ${states.join(', ')}`).toBe(true);
  if (node.expand) expect(isEnded(run.tasks[node.inputs[node.expand]!]!.state)).toBe(true);
}

/** Follows which attempt holds each instance, by the accepted claims, reports and kills. */
function trackRunning(
  running: Map<string, string>,
  { event, before, state: after, effects, refusal }: Step,
): void {
  for (const effect of effects) {
    if (effect.type === 'kill') expect(running.delete(`${effect.taskId}/${effect.mapIndex}`)).toBe(true);
  }
  if (refusal !== undefined || !('attempt' in event) || event.type === 'enqueued') return;
  const key = `${event.taskId}/${event.mapIndex}`;
  const was = instanceOf(before, event.taskId, event.mapIndex)?.state;
  const is = instanceOf(after, event.taskId, event.mapIndex)?.state;
  if (event.type === 'claim' && was !== 'running') {
    expect(running.has(key)).toBe(false);
    running.set(key, event.token);
  } else if (was === 'running' && is !== 'running') {
    expect(running.delete(key)).toBe(true);
  }
}

function instanceOf(run: RunState, taskId: string, mapIndex: number) {
  return run.tasks[taskId]?.instances[Math.max(0, mapIndex)];
}

function isEnded(state: string): boolean {
  return state === 'success' || state === 'failed' || state === 'upstream_failed' || state === 'skipped';
}
