/** Late data with a schedule: the nightly run finds the days before it that drops have made stale, and has them made again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Assessment } from '../../engine/partition-state.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import type { RunRow } from '../../engine/run-view.ts';
import { loadConfig } from '../../infra/config.ts';
import { silentLogger } from '../../infra/log.ts';
import { startScheduler } from '../../workers/scheduler.ts';
import { startWorker } from '../../workers/worker.ts';
import { flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();

describeWith(redisInstalled, 'late data', () => {
  const server = useRedis();

  it('is found by the next scheduled run within its look-back, and restated by a run of its own', async () => {
    const env = {
      FLYERLINE_LAKE: join(dir.path, 'lake'),
      FLYERLINE_DROPS: join(dir.path, 'data/drops'),
      FLYERLINE_REDIS_URL: server.url,
      FLYERLINE_REDIS_PREFIX: 'late',
      FLYERLINE_SCRATCH_DIR: join(dir.path, 'scratch'),
    };
    const json = <T>(...args: string[]) => flyerlineJson<T>(args, { env, cwd: dir.path });
    await json(
      'generate',
      '--start',
      '2018-10-01',
      '--days',
      '5',
      '--users',
      '10',
      '--out',
      join(dir.path, 'data'),
    );

    const configUntil = (endDate: string) =>
      loadConfig(
        { dags: { nightly: { startDate: '2018-10-01', endDate, params: { lookback_days: 2 } } } },
        env,
      );
    const options = { redisUrl: server.url, log: silentLogger };
    const worker = await startWorker(configUntil('2018-10-04'), options);
    onTestFinished(() => worker.stop({ force: true }));
    const first = await startScheduler(configUntil('2018-10-04'), options);
    // Not by the command: a process a look would take from the runs the time that they are waited for.
    const reader = runReader(redisEngine({ redis: server.connect(), prefix: env.FLYERLINE_REDIS_PREFIX }));
    const runsEnded = async (count: number) => {
      for (let left = 1_500; left > 0; left -= 1) {
        const runs = await reader.listRuns({ dagId: 'nightly' });
        if (runs.length >= count && runs.every(({ state }) => state === 'success' || state === 'failed'))
          return (await json<{ runs: RunRow[] }>('runs', 'list', 'nightly')).runs;
        await sleep(100);
      }
      throw new Error(`There are not ${count} runs that have ended.`);
    };
    expect((await runsEnded(4)).map(({ state }) => state)).toEqual([
      'success',
      'success',
      'success',
      'success',
    ]);
    await first.stop();

    // Of noon, so that no neighbour but the next day reaches it (R12): that is one within the look-back, and one before it.
    const rows = ['2018-10-01', '2018-10-03'].map(
      (day) => `${day}T12:00:00-04:00,ada,flyer_open,6720220,201`,
    );
    const header = 'timestamp,user_id,event,flyer_id,merchant_id';
    await writeFile(join(env.FLYERLINE_DROPS, '2018-10-05/late.csv'), `${header}\n${rows.join('\n')}\n`);
    const second = await startScheduler(configUntil('2018-10-05'), options);
    onTestFinished(() => second.stop());

    const runs = await runsEnded(7);
    const restated = runs.filter(({ kind }) => kind === 'backfill');
    expect(restated.map(({ day, state }) => `${day} ${state}`).sort()).toEqual([
      '2018-10-03 success',
      '2018-10-04 success',
    ]);
    expect(restated[0]?.runId).toMatch(/^restate__2018-10-0[34]T.*__scheduled__2018-10-05T/);
    expect(restated[0]?.note).toMatch(/^late data: 1 drop arrived \(2018-10-05\/late\.csv\)/);

    const { partitions } = await json<{ partitions: Assessment[] }>(
      'partitions',
      '--from',
      '2018-10-01',
      '--to',
      '2018-10-05',
    );
    const stale = new Set(
      partitions.filter(({ state }) => state !== 'fresh').map(({ day, state }) => `${day} ${state}`),
    );
    expect([...stale]).toEqual(['2018-10-01 stale-input', '2018-10-02 stale-input']);
  });
});
