/** Trigger rules: the table, and that the end of a run does not depend on the order in which things happen. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DagGraph } from '../../engine/graph.ts';
import { NO_UPSTREAM } from '../../engine/run-model.ts';
import { createRun, type RunEvent, type RunState, transition } from '../../engine/run-state.ts';
import { TRIGGER_RULES } from '../../engine/states.ts';
import { verdictOf } from '../../engine/trigger-rules.ts';
import { graphs } from '../support/random-graphs.ts';

const OUTCOMES = [
  'success',
  'failed',
  'upstream_failed',
  'skipped',
  'cut',
  'branched',
  'unfinished',
] as const;

describe('verdictOf', () => {
  // Rows: rule; columns: the outcomes of two upstream tasks. r run, s skip, c cut, u upstream_failed, . wait
  const table: Record<string, Record<string, string>> = {
    'success success': {
      all_success: 'r',
      all_failed: 's',
      all_done: 'r',
      one_success: 'r',
      one_failed: 's',
      none_failed: 'r',
      none_skipped: 'r',
    },
    'success failed': {
      all_success: 'u',
      all_failed: 's',
      all_done: 'r',
      one_success: 'r',
      one_failed: 'r',
      none_failed: 'u',
      none_skipped: 'r',
    },
    'success upstream_failed': {
      all_success: 'u',
      all_failed: 's',
      all_done: 'r',
      one_success: 'r',
      one_failed: 'r',
      none_failed: 'u',
      none_skipped: 'r',
    },
    'success skipped': {
      all_success: 's',
      all_failed: 's',
      all_done: 'r',
      one_success: 'r',
      one_failed: 's',
      none_failed: 'r',
      none_skipped: 's',
    },
    'success cut': {
      all_success: 'c',
      all_failed: 'c',
      all_done: 'c',
      one_success: 'r',
      one_failed: 'c',
      none_failed: 'c',
      none_skipped: 'c',
    },
    'success branched': {
      all_success: 's',
      all_failed: 's',
      all_done: 's',
      one_success: 'r',
      one_failed: 's',
      none_failed: 's',
      none_skipped: 's',
    },
    'success unfinished': {
      all_success: '.',
      all_failed: '.',
      all_done: '.',
      one_success: 'r',
      one_failed: '.',
      none_failed: '.',
      none_skipped: '.',
    },
    'failed failed': {
      all_success: 'u',
      all_failed: 'r',
      all_done: 'r',
      one_success: 'u',
      one_failed: 'r',
      none_failed: 'u',
      none_skipped: 'r',
    },
    'failed upstream_failed': {
      all_success: 'u',
      all_failed: 'r',
      all_done: 'r',
      one_success: 'u',
      one_failed: 'r',
      none_failed: 'u',
      none_skipped: 'r',
    },
    'failed skipped': {
      all_success: 'u',
      all_failed: 's',
      all_done: 'r',
      one_success: 'u',
      one_failed: 'r',
      none_failed: 'u',
      none_skipped: 's',
    },
    'failed cut': {
      all_success: 'u',
      all_failed: 'c',
      all_done: 'c',
      one_success: 'c',
      one_failed: 'r',
      none_failed: 'u',
      none_skipped: 'c',
    },
    'failed unfinished': {
      all_success: '.',
      all_failed: '.',
      all_done: '.',
      one_success: '.',
      one_failed: 'r',
      none_failed: '.',
      none_skipped: '.',
    },
    'skipped skipped': {
      all_success: 's',
      all_failed: 's',
      all_done: 'r',
      one_success: 's',
      one_failed: 's',
      none_failed: 'r',
      none_skipped: 's',
    },
    'branched unfinished': {
      all_success: '.',
      all_failed: '.',
      all_done: '.',
      one_success: '.',
      one_failed: '.',
      none_failed: '.',
      none_skipped: '.',
    },
  };
  const words: Record<string, string> = { r: 'run', s: 'skip', c: 'cut', u: 'upstream_failed', '.': 'wait' };

  for (const [outcomes, row] of Object.entries(table)) {
    it(`decides after ${outcomes}`, () => {
      const upstream = { ...NO_UPSTREAM };
      for (const outcome of outcomes.split(' ')) upstream[outcome as (typeof OUTCOMES)[number]] += 1;
      const decided = Object.fromEntries(TRIGGER_RULES.map((rule) => [rule, verdictOf(rule, upstream)]));
      expect(decided).toEqual(Object.fromEntries(TRIGGER_RULES.map((rule) => [rule, words[row[rule]!]])));
    });
  }

  it('lets a task without upstream run, whatever its rule', () => {
    for (const rule of TRIGGER_RULES) expect(verdictOf(rule, NO_UPSTREAM)).toBe('run');
  });
});

describe('the end of a run', () => {
  it('is the same in whatever order attempts are started and end', () => {
    fc.assert(
      fc.property(
        graphs({ tasksMax: 12 }),
        fc.nat(9999),
        fc.infiniteStream(fc.nat(9999)),
        (graph, fate, order) => {
          const first = ends(graph, fate, () => 0);
          const other = ends(graph, fate, () => order.next().value);
          expect(other).toEqual(first);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Runs to the end; what an attempt does depends on `fate` and its name alone, what is next on `pick`. */
function ends(graph: DagGraph, fate: number, pick: () => number): Record<string, string> {
  let run = transition(createRun(graph, 'manual__1'), { type: 'start', nowMs: 0 }).state;
  for (let left = 5000; run.state === 'running'; left -= 1) {
    if (left === 0) throw new Error('The run does not end.');
    const open = Object.entries(run.tasks).flatMap(([taskId, { instances }]) =>
      instances.flatMap(({ mapIndex, state, attempt, token }) =>
        ['scheduled', 'up_for_retry', 'running'].includes(state)
          ? [{ taskId, mapIndex, state, attempt, token }]
          : [],
      ),
    );
    const { state, ...chosen } = open[pick() % open.length]!;
    const event: RunEvent =
      state === 'running'
        ? reportFor(graph, { ...chosen, token: 'k', nowMs: 0 }, fate)
        : { type: 'claim', ...chosen, token: 'k', leaseMs: 1, nowMs: 0 };
    run = transition(run, event).state;
  }
  return Object.fromEntries(Object.entries(run.tasks).map(([id, task]) => [id, describeTask(task)]));
}

function describeTask({ state, cut, instances }: RunState['tasks'][string]): string {
  return `${state}${cut ? ' cut' : ''}: ${instances.map(({ state, attempt }) => `${state} ${attempt}`).join(', ')}`;
}

function reportFor(
  graph: DagGraph,
  held: { taskId: string; mapIndex: number; attempt: number; token: string; nowMs: number },
  fate: number,
): RunEvent {
  const draw = mix(`${fate}/${held.taskId}/${held.mapIndex}/${held.attempt}`);
  if (draw % 10 < 2)
    return { type: 'fail', ...held, error: { code: 'x', message: 'x' }, retryable: draw % 3 > 0, random: 0 };
  if (draw % 10 === 2) return { type: 'skip', ...held, note: 'x' };
  if (draw % 10 === 3) return { type: 'finish', ...held, shortCircuit: 'x', listLength: 1 };
  const behind = graph.tasks.filter(({ upstream }) => upstream.includes(held.taskId)).map(({ id }) => id);
  const notFollowed =
    draw % 10 === 4 && held.mapIndex === -1 ? behind.filter((id) => mix(id + draw) % 2) : [];
  return { type: 'finish', ...held, listLength: 1 + (draw % 3), notFollowed };
}

function mix(text: string): number {
  let hash = 2166136261;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  return (hash >>> 0) % 10_007;
}
