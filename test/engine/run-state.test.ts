/** The run state machine by example: one short story per behaviour. Every step is checked by a recount. */
import { describe, expect, it } from 'vitest';
import { retryDelayMs } from '../../engine/retry.ts';
import { driveRun, graphOf } from '../support/run-driver.ts';

const chain = graphOf({ a: {}, b: { upstream: ['a'] }, c: { upstream: ['b'] } });
const policy = {
  attemptsMax: 3,
  backoffMs: 100,
  backoffFactor: 2,
  backoffMaxMs: 1000,
  jitter: 0,
  lossesMax: 2,
};
const mapped = graphOf({
  list: {},
  each: { upstream: ['list'], expand: 'list' },
  join: { upstream: ['each'] },
});

describe('a run', () => {
  it('starts its roots, goes on task by task, and ends with the last', () => {
    const run = driveRun(chain);
    expect(run.start()).toEqual([
      { type: 'run-started' },
      { type: 'schedule', taskId: 'a', mapIndex: -1, attempt: 1, dueMs: 1000 },
    ]);
    expect(run.succeed('a', 7)).toEqual([
      { type: 'task-finished', taskId: 'a', state: 'success' },
      { type: 'schedule', taskId: 'b', mapIndex: -1, attempt: 1, dueMs: 1000 },
    ]);
    run.succeed('b');
    expect(run.succeed('c')).toEqual([
      { type: 'task-finished', taskId: 'c', state: 'success' },
      { type: 'run-finished', state: 'success' },
    ]);
    expect(run.instance('a')).toMatchObject({ state: 'success', result: 7, attempt: 1 });
  });

  it('walks each edge once, tasks in topological order, those that finish without running after those before them', () => {
    const run = driveRun(
      graphOf({
        a: {},
        b: { upstream: ['a'] },
        c: { upstream: ['a'] },
        d: { upstream: ['b', 'c'] },
        e: { upstream: ['b'], triggerRule: 'all_failed' },
      }),
    );
    run.start();
    expect(
      run.fail('a').map((effect) => ('taskId' in effect ? `${effect.type} ${effect.taskId}` : effect.type)),
    ).toEqual(['task-finished a', 'task-finished b', 'task-finished c', 'schedule e', 'task-finished d']);
    expect(run.states()).toMatchObject({
      b: 'upstream_failed',
      c: 'upstream_failed',
      d: 'upstream_failed',
      e: 'active',
    });
  });

  it('is judged by its leaves: a failure that is handled behind it is no failure of the run', () => {
    const run = driveRun(graphOf({ a: {}, rescue: { upstream: ['a'], triggerRule: 'one_failed' } }));
    run.start();
    run.fail('a');
    run.succeed('rescue');
    expect(run.state.state).toBe('success');
  });

  it('skips everything behind a short circuit, whatever the rules, but for what another path has satisfied', () => {
    const run = driveRun(
      graphOf({
        cut: {},
        fine: {},
        next: { upstream: ['cut'] },
        always: { upstream: ['next'], triggerRule: 'all_done' },
        either: { upstream: ['always', 'fine'], triggerRule: 'one_success' },
      }),
    );
    run.start();
    run.claim('cut');
    run.send({ type: 'finish', ...run.held('cut'), shortCircuit: 'nothing new' });
    run.succeed('fine');
    expect(run.states()).toMatchObject({ next: 'skipped', always: 'skipped', either: 'active' });
  });

  it('keeps a failure beside a short circuit visible', () => {
    const run = driveRun(graphOf({ cut: {}, bad: {}, both: { upstream: ['cut', 'bad'] } }));
    run.start();
    run.claim('cut');
    run.send({ type: 'finish', ...run.held('cut'), shortCircuit: 'nothing new' });
    run.fail('bad');
    expect(run.states()).toMatchObject({ both: 'upstream_failed' });
    expect(run.state.state).toBe('failed');
  });
});

describe('an attempt', () => {
  it('is claimed once; its claim may be repeated with its token', () => {
    const run = driveRun(chain);
    run.start();
    const claim = {
      type: 'claim',
      taskId: 'a',
      mapIndex: -1,
      attempt: 1,
      token: 'mine',
      leaseMs: 500,
      nowMs: 1000,
    } as const;
    run.send(claim);
    const before = run.state;
    expect(run.send(claim)).toEqual([]);
    expect(run.state).toEqual(before);
    expect(run.refuse({ ...claim, token: 'other' })).toBe('wrong-state');
    expect(run.refuse({ ...claim, attempt: 2 })).toBe('stale-attempt');
    expect(run.refuse({ ...claim, taskId: 'nobody' })).toBe('unknown-instance');
    expect(run.refuse({ ...claim, taskId: 'b', attempt: 0 })).toBe('wrong-state');
  });

  it('reports its end once; the report may be repeated, and is refused from anybody else', () => {
    const run = driveRun(chain);
    run.start();
    run.claim('a');
    const finish = { type: 'finish', ...run.held('a'), result: 1 } as const;
    expect(run.refuse({ ...finish, token: 'stranger' })).toBe('stale-attempt');
    run.send(finish);
    expect(run.send(finish)).toEqual([]);
    expect(run.refuse({ ...finish, token: 'stranger' })).toBe('stale-attempt');
    expect(run.refuse({ type: 'skip', ...run.held('a'), note: 'changed my mind' })).toBe('wrong-state');
  });

  it('that fails is tried again after its backoff, as often as the policy says', () => {
    const run = driveRun(graphOf({ a: { retry: policy } }));
    run.start();
    const failAt = (nowMs: number) => {
      run.nowMs = nowMs;
      run.claim('a');
      const error = { code: 'FL_TASK_FAILED', message: `at ${nowMs}` };
      return run.send({ type: 'fail', ...run.held('a'), error, retryable: true, random: 0 });
    };
    expect(failAt(2000)).toEqual([{ type: 'schedule', taskId: 'a', mapIndex: -1, attempt: 2, dueMs: 2100 }]);
    expect(run.instance('a')).toMatchObject({ state: 'up_for_retry', attempt: 2, failures: 1 });
    expect(failAt(3000)).toEqual([{ type: 'schedule', taskId: 'a', mapIndex: -1, attempt: 3, dueMs: 3200 }]);
    expect(failAt(4000)).toEqual([
      { type: 'task-finished', taskId: 'a', state: 'failed' },
      { type: 'run-finished', state: 'failed' },
    ]);
    expect(run.instance('a')).toMatchObject({ state: 'failed', attempt: 3, error: { message: 'at 4000' } });
  });

  it('that is lost with its worker uses up none of its failures, and its successor cannot be fenced out by it', () => {
    const run = driveRun(graphOf({ a: { retry: { ...policy, attemptsMax: 2 } } }));
    run.start();
    run.claim('a');
    const zombie = run.held('a');
    const expire = (attempt: number, nowMs: number) =>
      ({ type: 'expire', taskId: 'a', mapIndex: -1, attempt, random: 0, nowMs }) as const;
    expect(run.refuse(expire(1, 1499))).toBe('not-expired');
    run.send({ type: 'heartbeat', ...zombie, leaseMs: 500, nowMs: 1400 });
    expect(run.refuse(expire(1, 1500))).toBe('not-expired');
    expect(run.send(expire(1, 1900))).toEqual([
      { type: 'schedule', taskId: 'a', mapIndex: -1, attempt: 2, dueMs: 1900 },
    ]);
    expect(run.instance('a')).toMatchObject({ failures: 0, losses: 1, error: { code: 'FL_LEASE_LOST' } });
    expect(run.refuse({ type: 'finish', ...zombie })).toBe('stale-attempt');
    expect(run.refuse({ type: 'heartbeat', ...zombie, leaseMs: 500 })).toBe('stale-attempt');
    run.claim('a');
    expect(run.send(expire(2, 9000))).toMatchObject([{ attempt: 3, dueMs: 9100 }]);
    run.claim('a');
    expect(run.send(expire(3, 99_000))).toMatchObject([
      { type: 'task-finished', state: 'failed' },
      { type: 'run-finished' },
    ]);
  });

  it('that may not be retried is not tried again after a loss either', () => {
    const run = driveRun(graphOf({ a: {} }));
    run.start();
    run.claim('a');
    run.send({ type: 'expire', taskId: 'a', mapIndex: -1, attempt: 1, random: 0, nowMs: 9000 });
    expect(run.state.state).toBe('failed');
  });

  it('of a sensor gives its worker back and fails when it has waited too long', () => {
    const run = driveRun(graphOf({ a: {} }));
    run.start();
    const poke = (nowMs: number) => {
      run.nowMs = nowMs;
      run.claim('a');
      return run.send({
        type: 'reschedule',
        ...run.held('a'),
        delayMs: 100,
        timeoutMs: 250,
        note: 'no drop',
      });
    };
    expect(poke(1000)).toEqual([{ type: 'schedule', taskId: 'a', mapIndex: -1, attempt: 2, dueMs: 1100 }]);
    expect(run.instance('a')).toMatchObject({ state: 'up_for_reschedule', note: 'no drop', failures: 0 });
    poke(1150);
    poke(1200);
    expect(run.instance('a')).toMatchObject({ state: 'failed', error: { code: 'FL_TASK_TIMEOUT' } });
  });
});

describe('retryDelayMs', () => {
  it('grows by its factor up to its cap, and spreads by its jitter', () => {
    const delays = [1, 2, 3, 4, 5, 9].map((failures) => retryDelayMs(policy, failures, 0.5));
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
    const jittered = { ...policy, jitter: 0.2 };
    expect([0, 0.5, 1].map((random) => retryDelayMs(jittered, 1, random))).toEqual([80, 100, 120]);
  });
});

describe('a mapped task', () => {
  it('has an instance per element, and ends with the last of them', () => {
    const run = driveRun(mapped);
    run.start();
    expect(run.succeed('list', ['x', 'y']).filter(({ type }) => type === 'schedule')).toEqual([
      { type: 'schedule', taskId: 'each', mapIndex: 0, attempt: 1, dueMs: 1000 },
      { type: 'schedule', taskId: 'each', mapIndex: 1, attempt: 1, dueMs: 1000 },
    ]);
    expect(run.succeed('each', 'X', 0)).toEqual([]);
    expect(run.succeed('each', 'Y', 1)).toMatchObject([
      { type: 'task-finished', taskId: 'each' },
      { taskId: 'join' },
    ]);
  });

  it('is skipped when there is nothing to map over', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', []);
    expect(run.states()).toEqual({ list: 'success', each: 'skipped', join: 'skipped' });
    expect(run.state.state).toBe('success');
  });

  it('fails when one of its instances does, after all of them have ended', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', ['x', 'y']);
    run.fail('each', 0);
    expect(run.states()).toMatchObject({ each: 'active', join: 'none' });
    run.succeed('each', 'Y', 1);
    expect(run.states()).toMatchObject({ each: 'failed', join: 'upstream_failed' });
  });

  it('cuts what is behind it only when all its instances say so', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', ['x', 'y']);
    run.claim('each', 0);
    run.send({ type: 'finish', ...run.held('each', 0), shortCircuit: 'same' });
    run.succeed('each', 'Y', 1);
    expect(run.states()).toMatchObject({ join: 'active' });
  });

  it('that is mapped over by another passes on what its successful instances made', () => {
    const run = driveRun(
      graphOf({
        list: {},
        each: { upstream: ['list'], expand: 'list' },
        next: { upstream: ['each'], expand: 'each' },
      }),
    );
    run.start();
    run.succeed('list', [1, 2, 3]);
    run.succeed('each', 1, 0);
    run.claim('each', 1);
    run.send({ type: 'skip', ...run.held('each', 1), note: 'nothing there' });
    run.succeed('each', 3, 2);
    expect(run.state.tasks.next?.mapCount).toBe(2);
  });
});
