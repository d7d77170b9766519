/** Explanations: one sentence for every state, with the cause, not its symptom. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../../engine/explain.ts';
import { inWords } from '../../engine/explain-words.ts';
import { graphs } from '../support/random-graphs.ts';
import { driveRun, graphOf } from '../support/run-driver.ts';
import { moves, playHistory } from '../support/run-histories.ts';

const retry = {
  attemptsMax: 3,
  backoffMs: 8000,
  backoffFactor: 2,
  backoffMaxMs: 60_000,
  jitter: 0,
  lossesMax: 1,
};

describe('explain', () => {
  it('follows an instance from waiting to its end', () => {
    const run = driveRun(graphOf({ a: { retry }, b: { upstream: ['a'] } }));
    const why = (taskId: string, laterMs = 0) => explain(run.state, { taskId }, run.nowMs + laterMs);
    expect(why('a')).toBe('"a" waits for its run to start.');
    run.start();
    expect(why('a')).toBe('"a" is ready and waits for a slot of pool "default".');
    expect(why('b')).toBe('"b" waits for "a" (scheduled).');
    run.send({ type: 'enqueued', taskId: 'a', mapIndex: -1, attempt: 1 });
    expect(why('a')).toBe('"a" is queued as attempt 1 for a worker of queue "default".');
    run.send({
      type: 'claim',
      taskId: 'a',
      mapIndex: -1,
      attempt: 1,
      token: 'k',
      worker: 'w1',
      leaseMs: 500,
      nowMs: 1000,
    });
    expect(why('a', 200)).toBe('"a" runs as attempt 1 for 200 ms on worker "w1".');
    expect(why('a', 90_000)).toBe(
      '"a" runs as attempt 1 for 1 min 30 s on worker "w1", but has given no sign of life since its lease ran out 1 min 29 s ago.',
    );
    run.send({ type: 'expire', taskId: 'a', mapIndex: -1, attempt: 1, random: 0, nowMs: 2000 });
    expect(why('a', 1000)).toBe(
      '"a" was lost with its worker at attempt 1 (Attempt 1 gave no sign of life on worker "w1") and is tried again as soon as a worker is free as attempt 2, with 3 tries left.',
    );
    run.claim('a');
    const error = { code: 'FL_TASK_FAILED', message: 'The disk is full.' };
    run.send({ type: 'fail', ...run.held('a'), error, retryable: true, random: 0 });
    expect(why('a')).toBe(
      '"a" failed at attempt 2 (The disk is full) and is tried again in 8 s as attempt 3, with 2 tries left.',
    );
    run.claim('a');
    expect(why('a', 3)).toBe(
      '"a" runs as attempt 3 for 3 ms, after it failed at attempt 2 (The disk is full).',
    );
    run.send({ type: 'finish', ...run.held('a'), nowMs: 13_000 });
    expect(why('a')).toBe('"a" succeeded at attempt 3 after 12 s.');
  });

  it('names the task that a failure came from, not the one in between', () => {
    const run = driveRun(
      graphOf({ a: {}, other: {}, b: { upstream: ['a'] }, c: { upstream: ['b', 'other'] } }),
    );
    run.start();
    run.fail('a');
    const why = (taskId: string) => explain(run.state, { taskId }, run.nowMs);
    expect(why('a')).toBe('"a" failed; it has one try only (no luck).');
    expect(why('b')).toBe('"b" did not run, because "a" failed (no luck).');
    expect(why('c')).toBe(
      '"c" waits for "other" (scheduled); it will then not run, because "b" did not run.',
    );
    run.succeed('other');
    expect(why('c')).toBe('"c" did not run, because "a" failed (no luck).');
  });

  it('says what skipped a task', () => {
    const run = driveRun(
      graphOf({
        ingest: {},
        fork: {},
        list: {},
        cut: { upstream: ['ingest'] },
        behind: { upstream: ['cut'] },
        left: { upstream: ['fork'] },
        after: { upstream: ['left'] },
        each: { upstream: ['list'], expand: 'list' },
        alarm: { upstream: ['list'], triggerRule: 'one_failed' },
        idle: {},
      }),
    );
    run.start();
    run.claim('ingest');
    run.send({ type: 'finish', ...run.held('ingest'), shortCircuit: 'inputs are those of version 7' });
    run.claim('fork');
    run.send({ type: 'finish', ...run.held('fork'), notFollowed: ['left'] });
    run.succeed('list', []);
    run.claim('idle');
    run.send({ type: 'skip', ...run.held('idle'), note: 'a holiday' });
    const why = (taskId: string) => explain(run.state, { taskId }, run.nowMs);
    const reason = '"ingest" said that nothing behind it needs to run (inputs are those of version 7)';
    expect(why('ingest')).toContain(
      'and said that nothing behind it needs to run (inputs are those of version 7).',
    );
    expect(why('cut')).toBe(`"cut" was skipped, because ${reason}.`);
    expect(why('behind')).toBe(`"behind" was skipped, because ${reason}.`);
    expect(why('left')).toBe('"left" was skipped, because "fork" branched elsewhere.');
    expect(why('after')).toBe('"after" was skipped, because "left" was.');
    expect(why('each')).toBe('"each" was skipped, because the list of "list" is empty.');
    expect(why('alarm')).toBe(
      '"alarm" was skipped, because it runs only if a task before it fails, and none did.',
    );
    expect(why('idle')).toBe('"idle" skipped itself (a holiday).');
  });

  it('explains a mapped task as a whole, and each instance of it', () => {
    const run = driveRun(
      graphOf({ list: {}, each: { upstream: ['list'], expand: 'list' }, join: { upstream: ['each'] } }),
    );
    run.start();
    run.succeed('list', [1, 2, 3]);
    run.fail('each', 1);
    run.claim('each', 0);
    const why = (mapIndex?: number) =>
      explain(
        run.state,
        mapIndex === undefined ? { taskId: 'each' } : { taskId: 'each', mapIndex },
        run.nowMs,
      );
    expect(why()).toBe('"each" is under way: 1 of 3 instances have ended, 1 run, 1 failed, 1 wait.');
    expect(why(1)).toBe('"each" [1] failed; it has one try only (no luck).');
    expect(why(2)).toBe('"each" [2] is ready and waits for a slot of pool "default".');
    expect(explain(run.state, { taskId: 'join' }, run.nowMs)).toBe('"join" waits for "each" (1 of 3 ended).');
    run.send({ type: 'finish', ...run.held('each', 0) });
    run.succeed('each', 1, 2);
    expect(why()).toBe('"each" failed in 1 of 3 instances, first in [1] (no luck).');
  });

  it('tells hand and cancel from failure', () => {
    const run = driveRun(graphOf({ a: {}, b: {}, c: { upstream: ['a', 'b'] } }));
    run.start();
    run.send({ type: 'mark', taskId: 'a', state: 'success', note: 'looked at it', nowMs: 1000 });
    run.claim('b');
    run.send({ type: 'cancel', reason: 'wrong day', nowMs: 1000 });
    const why = (taskId: string) => explain(run.state, { taskId }, run.nowMs);
    expect(why('a')).toBe('"a" was set to success by hand (looked at it).');
    expect(why('b')).toBe('"b" was stopped at attempt 1 (wrong day).');
    expect(why('c')).toBe('"c" was skipped, because the run was cancelled (wrong day).');
    expect(why('d')).toBe('DAG "test" has no task "d".');
  });

  it('has a whole sentence for whatever may happen', () => {
    fc.assert(
      fc.property(graphs(), moves, (graph, played) => {
        for (const { state } of playHistory(graph, played)) {
          for (const { id } of graph.tasks) {
            const keys = [
              { taskId: id },
              ...state.tasks[id]!.instances.map(({ mapIndex }) => ({ taskId: id, mapIndex })),
            ];
            for (const key of keys) expectSentence(explain(state, key, 1_000_500));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

function expectSentence(text: string): void {
  if (/^"t\d"( \[\d\])? [a-z].*[^.]\.$/.test(text) && !/undefined|NaN|"\?"|-\d/.test(text)) return;
  expect.unreachable(text);
}

describe('inWords', () => {
  it('names the two largest units', () => {
    const words = [0, 850, 12_000, 200_000, 3_600_000, 18_600_000, 90_061_000, 180_000_000].map(inWords);
    expect(words).toEqual([
      '0 ms',
      '850 ms',
      '12 s',
      '3 min 20 s',
      '1 h',
      '5 h 10 min',
      '1 day 1 h',
      '2 days 2 h',
    ]);
  });
});
