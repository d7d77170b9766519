/** Taking ended runs to the lake: at once when all is quiet, later when there is work, never lost in between. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { archiveKey, archiveRuns } from '../../engine/archive/archive-runs.ts';
import { stateKeeper } from '../../engine/archive/keep-state.ts';
import { recoverRuns } from '../../engine/archive/recover-runs.ts';
import { runHistory } from '../../engine/archive/run-history.ts';
import { openStore } from '../../lake/open-store.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'the archive of runs', () => {
  const server = useRedis();
  const fixture = async () => {
    const prefix = server.uniquePrefix();
    const made = await engineFixture(server.url, prefix);
    const store = await openStore(made.config.lake);
    const history = runHistory(store, prefix);
    /** Ended without a worker. */
    const endedRun = async () => {
      const ref = await made.trigger('single');
      expect(await made.runs.markRun(ref, { taskId: 'step', state: 'success', note: '' })).toBe('success');
      return ref;
    };
    const inLine = () => made.redis.zcard(archiveKey(made.engine));
    return { ...made, history, endedRun, inLine };
  };

  it('takes runs when nothing has waited or ended for half a second, also while a long attempt goes on', async () => {
    const { engine, history, endedRun, inLine, trigger, until, startWorker, journal } = await fixture();
    await startWorker();
    const long = await trigger('patient');
    await until('it runs', async () => (await journal(long)).length === 1);
    for (let n = 0; n < 6; n += 1) await endedRun();
    expect(await archiveRuns(engine, history, { patienceMs: 60_000 })).toBe(0);
    await sleep(500);
    expect(await archiveRuns(engine, history, { patienceMs: 60_000 })).toBe(6);
    expect(await inLine()).toBe(0);
  });

  it('leaves runs for later while attempts wait, but not longer than it may', async () => {
    const { engine, history, endedRun, inLine, trigger } = await fixture();
    await trigger('single');
    for (let n = 0; n < 6; n += 1) await endedRun();
    await sleep(600);
    expect(await archiveRuns(engine, history, { patienceMs: 60_000 })).toBe(0);
    expect(await inLine()).toBe(6);
    expect(await archiveRuns(engine, history, { patienceMs: 550 })).toBe(6);
  });

  it('stops for work that comes while it is at it', async () => {
    const { engine, history, endedRun, inLine, trigger } = await fixture();
    for (let n = 0; n < 9; n += 1) await endedRun();
    await sleep(500);
    const interrupted: typeof history = {
      ...history,
      async putRun(...args) {
        if ((await inLine()) === 9) await trigger('single');
        return history.putRun(...args);
      },
    };
    const archived = await archiveRuns(engine, interrupted, { patienceMs: 60_000 });
    expect(archived).toBeGreaterThan(0);
    expect(await inLine()).toBe(9 - archived);
    expect(archived).toBeLessThan(9);
  });

  it('asks again for runs that had ended and were not in the lake yet when Redis was lost', async () => {
    const { engine, history, endedRun, redis, reader } = await fixture();
    const [kept, lost] = [await endedRun(), await endedRun()];
    expect(await recoverRuns(engine, history)).toMatchObject({ ended: 0, again: 0 });
    await stateKeeper(engine, history).keep();
    // The one document is there, the other is not.
    await redis.zrem(archiveKey(engine), (await redis.hget(engine.keys.dagRunIds('single'), lost.runId))!);
    expect(await archiveRuns(engine, history)).toBe(1);
    await redis.flushall();
    expect(await recoverRuns(engine, history)).toEqual({ ended: 1, again: 1, unreadable: [] });
    expect((await reader.getRun(kept)).state).toBe('success');
    expect(await reader.getRun(lost)).toMatchObject({
      state: 'running',
      note: 'Asked for again after Redis was lost.',
    });
  });
});
