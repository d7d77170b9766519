/** From what the scripts note to what people may be told: every way in which attempts and runs do not go well. */
import { expect, it } from 'vitest';
import { dag } from '../../engine/dag.ts';
import { readEvents } from '../../engine/notify/event-notices.ts';
import { openLedger } from '../../engine/notify/ledger.ts';
import { reconcile } from '../../engine/reconciler.ts';
import { taskFactory } from '../../engine/task.ts';
import { storeFixture } from '../engine-redis/store-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

const defineTask = taskFactory<unknown>();
const step = defineTask({
  name: 'step',
  retry: { attemptsMax: 2, backoffMs: 60_000, jitter: 0 },
  run: () => {},
});
const two = dag('two', { schedule: null }, (task) => {
  task(step, {}, { id: 'a' });
  task(step, {}, { id: 'b' });
});
const one = dag('one', { schedule: null }, (task) => task(step, {}, { id: 'a' }));
const error = { code: 'FL_TASK_FAILED', message: 'no luck' };

describeWith(redisInstalled, 'events', () => {
  const server = useRedis();

  async function start() {
    const fixture = storeFixture(server.connect(), server.uniquePrefix());
    await fixture.setHands(10);
    let memory: Readonly<Record<string, string>> = {};
    const read = async (sinceMs = 0) => {
      const ledger = openLedger(memory);
      const { notices, durations } = await readEvents(fixture.engine, ledger, [one, two], sinceMs);
      memory = { ...memory, ...ledger.changes().set };
      for (const field of ledger.changes().unset) delete (memory as Record<string, string>)[field];
      return { notices, durations };
    };
    const fail = async (retryable: boolean) => {
      const { attemptId } = await fixture.claim(fixture.ready.shift()!.id);
      await fixture.attempts.fail({ attemptId, token: 'mine' }, { error, retryable });
    };
    return { ...fixture, read, fail };
  }

  it('tell of a task that failed for good while its run goes on, then of the run', async () => {
    const { read, fail, insert, claim, finish, ready } = await start();
    const { runId } = await insert(two);
    await fail(false);
    expect((await read()).notices).toMatchObject([
      {
        kind: 'failure',
        type: 'task-failed',
        run: { dagId: 'two', runId },
        task: { taskId: 'a', attempts: 1, error },
      },
    ]);
    await finish(await claim(ready.shift()!.id));
    expect((await read()).notices).toMatchObject([
      { type: 'run-failed', failedCount: 1, failures: [{ taskId: 'a', error }], inARow: 1 },
    ]);
    expect((await read()).notices).toEqual([]);
  });

  it('tell of the run alone when a task took it down', async () => {
    const { read, fail, insert } = await start();
    await insert(one);
    await fail(false);
    expect((await read()).notices.map(({ type }) => type)).toEqual(['run-failed']);
  });

  it('tell of a retry with when it is due, and of a lost worker as such', async () => {
    const { read, fail, insert, engine, attempts, ready, runs } = await start();
    await insert(one);
    await fail(true);
    const [retry] = (await read()).notices;
    expect(retry).toMatchObject({ kind: 'retry', lost: false, task: { taskId: 'a', attempts: 1 } });
    expect(retry?.kind === 'retry' && retry.dueMs! - retry.atMs).toBe(60_000);

    await insert(two);
    await attempts.claim(ready.shift()!.id, { token: 'mine', worker: 'w', leaseMs: 0 });
    await reconcile(engine, runs);
    expect((await read()).notices).toMatchObject([
      { kind: 'retry', lost: true, task: { taskId: 'a', error: { code: 'FL_LEASE_LOST' } } },
    ]);
  });

  it('begin, where nobody has read before, with what has happened since the start', async () => {
    const { read, fail, insert, redis } = await start();
    await insert(one);
    await fail(false);
    const [seconds] = await redis.time();
    expect((await read(Number(seconds) * 1000 + 3_600_000)).notices).toEqual([]);
    const other = await start();
    await other.insert(one);
    await other.fail(false);
    expect((await other.read(Number(seconds) * 1000)).notices).toHaveLength(1);
  });

  it('of runs that were deleted meanwhile are passed over', async () => {
    const { read, fail, insert, runs } = await start();
    const ref = await insert(one);
    await fail(false);
    await runs.deleteRun(ref);
    expect((await read()).notices).toEqual([]);
    await insert(one, '2018-10-02');
    await fail(false);
    expect((await read()).notices).toMatchObject([{ type: 'run-failed', run: { day: '2018-10-02' } }]);
  });

  it('of runs that just succeed read nothing and tell nothing, until one has failed', async () => {
    const { read, fail, insert, workOff } = await start();
    await insert(one);
    await workOff();
    expect(await read()).toEqual({ notices: [], durations: [] });
    await insert(one, '2018-10-02');
    await fail(false);
    await insert(one, '2018-10-03');
    await workOff();
    expect((await read()).notices).toMatchObject([
      { type: 'run-failed' },
      { type: 'run-recovered', sameRun: false, stillFailed: ['manual__2018-10-02T00:00:00Z'] },
    ]);
  });
});
