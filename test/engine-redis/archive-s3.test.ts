/** The history of runs in a bucket: each document is put once, and a Redis that was lost gets all back. */
import { expect, it } from 'vitest';
import { archiveRuns } from '../../engine/archive/archive-runs.ts';
import { stateKeeper } from '../../engine/archive/keep-state.ts';
import { recoverRuns } from '../../engine/archive/recover-runs.ts';
import { runHistory } from '../../engine/archive/run-history.ts';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { openStore } from '../../lake/open-store.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';

describeWith([redisInstalled, s3ServerInstalled.versitygw], 'the archive of runs on S3', () => {
  const server = useRedis();
  const s3 = useS3Server('versitygw');

  it('has each run once, and gives runs, logs and state back', async () => {
    const prefix = server.uniquePrefix();
    const { engine, redis, runs, reader, trigger } = await engineFixture(server.url, prefix);
    const store = await openStore(`s3://${await s3.createBucket()}/lake`, { s3: s3.config });
    const history = runHistory(store, prefix);
    const ended = await Promise.all(Array.from({ length: 9 }, () => trigger('single')));
    for (const ref of ended) {
      const seq = await runs.seqOf(ref);
      await attemptLogs(engine).append(`${seq}.0.-1.1`, [`line of ${ref.runId}`]);
      await runs.markRun(ref, { taskId: 'step', state: 'success', note: 'by hand' });
    }
    const shown = await reader.listRuns({ limit: 100 });
    const open = await trigger('mapped');
    await recoverRuns(engine, history);

    const counts = await Promise.all([1, 2, 3].map(() => archiveRuns(engine, runHistory(store, prefix))));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(9);
    // Of two schedulers that both think they lead, the later one writes over what the earlier wrote, at its second look.
    const [earlier, later] = [stateKeeper(engine, history), stateKeeper(engine, history)];
    expect(await earlier.keep()).toBe(true);
    await runs.setPool('small', 3);
    expect([await later.keep(), await later.keep()]).toEqual([false, true]);

    await redis.flushall();
    expect(await recoverRuns(engine, history)).toEqual({ ended: 9, again: 1, unreadable: [] });
    const after = (await reader.listRuns({ limit: 100 })).filter(({ dagId }) => dagId === 'single');
    expect(after).toEqual(shown);
    expect((await reader.getRun(open)).note).toBe('Asked for again after Redis was lost.');
    expect(await redis.hget(engine.keys.pools, 'small')).toBe('3');
    const log = await history.readLog(ended[4]!, { taskId: 'step', mapIndex: -1 });
    expect(log).toEqual({ attempt: 1, lines: [`line of ${ended[4]!.runId}`] });
    await store.close();
  });
});
