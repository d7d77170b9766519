/** Backfills by workers, as a story on one lake: apply, drift, cancel without ghosts, resume, pause, and a nightly run in between. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import type { BackfillProgress } from '../../engine/backfill/backfill-progress.ts';
import { changeState } from '../../engine/backfill/backfill-store.ts';
import type { Assessment } from '../../engine/partition-state.ts';
import { engineKeys } from '../../engine/redis-keys.ts';
import { type Config, loadConfig } from '../../infra/config.ts';
import { silentLogger } from '../../infra/log.ts';
import { openStore } from '../../lake/open-store.ts';
import { type Scheduler, startScheduler } from '../../workers/scheduler.ts';
import { startWorker, type Worker } from '../../workers/worker.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAYS = ['2018-10-01', '2018-10-02', '2018-10-03', '2018-10-04'];
const dir = useTempDir();

describeWith(redisInstalled, 'a backfill by workers', () => {
  const server = useRedis();
  const drops = join(dir.path, 'data/drops');
  const lake = join(dir.path, 'lake');
  const prefix = 'backfill';
  let env: Record<string, string>;
  let config: Config;
  let redis: Redis;
  let scheduler: Scheduler;
  let worker: Worker | undefined;

  const json = <T>(...args: string[]) => flyerlineJson<T>(args, { env, cwd: dir.path });
  const plan = (...args: string[]) =>
    json<BackfillPlan>('backfill', 'plan', 'nightly', '--from', DAYS[0]!, '--to', DAYS[3]!, ...args);
  const look = async (id: string) =>
    (await json<{ progress: BackfillProgress }>('backfill', 'show', id)).progress;
  const statesOf = async () => {
    const { partitions } = await json<{ partitions: Assessment[] }>(
      'partitions',
      '--from',
      DAYS[0]!,
      '--to',
      DAYS[3]!,
    );
    return [...new Set(partitions.map(({ day, state }) => `${day} ${state}`))];
  };
  const allFresh = DAYS.map((day) => `${day} fresh`);
  /** An event more for each day, which makes all of them stale. */
  const lateDrop = async (name: string) => {
    const rows = DAYS.map((day) => `${day}T20:00:00-04:00,${name},flyer_open,6720220,201`);
    await mkdir(join(drops, 'late'), { recursive: true });
    await writeFile(
      join(drops, `late/${name}.csv`),
      `timestamp,user_id,event,flyer_id,merchant_id\n${rows.join('\n')}\n`,
    );
  };
  const startWork = async () => {
    worker = await startWorker(config, { redisUrl: server.url, log: silentLogger });
  };
  const stopWork = async () => {
    await worker?.stop({ force: true });
    worker = undefined;
  };

  beforeAll(async () => {
    env = {
      FLYERLINE_LAKE: lake,
      FLYERLINE_DROPS: drops,
      FLYERLINE_REDIS_URL: server.url,
      FLYERLINE_REDIS_PREFIX: prefix,
      FLYERLINE_SCRATCH_DIR: join(dir.path, 'scratch'),
    };
    config = loadConfig({ engine: { leaseMs: 2_000 }, dags: { nightly: { paused: true } } }, env);
    redis = server.connect();
    await json('generate', '--days', '4', '--users', '15', '--out', join(dir.path, 'data'));
    scheduler = await startScheduler(config, { redisUrl: server.url, log: silentLogger });
  });
  afterAll(async () => {
    await stopWork();
    await scheduler?.stop();
  });

  it('makes what is missing', async () => {
    await startWork();
    const { id, summary } = await plan();
    expect(summary.runDays).toBe(4);
    await json('backfill', 'apply', id, '--wait', '--max-active', '2');
    expect(await look(id)).toMatchObject({ status: 'done', done: 4, failed: 0 });
    expect(await statesOf()).toEqual(allFresh);
    expect((await plan()).summary.runDays).toBe(0);
  });

  it('is refused when a drop came after it was planned, and says what changed', async () => {
    await lateDrop('first');
    await json('run', 'nightly', '--date', DAYS[0]!);
    const { id, summary } = await plan();
    expect(summary.runDays).toBe(3);
    await lateDrop('second');
    await json('run', 'nightly', '--date', DAYS[0]!);
    const { exitCode, stdout } = await flyerline(['backfill', 'apply', id, '--json'], { env });
    expect(exitCode).toBe(1);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: 'FL_PLAN_DRIFTED' });
    expect(error.reason).toContain(
      '2018-10-02 was clean_events stale-input (1 drop arrived (late/first.csv)',
    );
    expect(error.reason).toContain('is now stale-input (2 drops arrived (late/first.csv, late/second.csv)');
  });

  it('leaves no queued ghosts when it is cancelled, and can be resumed', async () => {
    await stopWork();
    const { id } = await plan();
    await json('backfill', 'apply', id, '--max-active', '2');
    expect(await look(id)).toMatchObject({ status: 'running', done: 0, running: 2, queued: 1 });
    expect(await json('backfill', 'cancel', id)).toMatchObject({ status: 'cancelled', cancelledRuns: 3 });

    const keys = engineKeys(prefix);
    expect(await redis.zcard(keys.lane(`backfill-${id}`, 'waiting'))).toBe(0);
    expect(await redis.zcard(keys.lane(`backfill-${id}`, 'active'))).toBe(0);
    for (const part of ['ready', 'outbox', 'leases'] as const) {
      expect(await redis.zcard(keys.channel('backfill@default', part))).toBe(0);
    }
    await startWork();
    await sleep(1_000);
    expect(await look(id)).toMatchObject({ status: 'cancelled', done: 0, running: 0, queued: 0 });

    await json('backfill', 'resume', id, '--wait');
    expect(await look(id)).toMatchObject({ status: 'done', done: 3, failed: 0 });
    expect(await statesOf()).toEqual(allFresh);
  });

  it('can be resumed when whoever applied it died before any run was made', async () => {
    await lateDrop('third');
    const { id } = await plan();
    // What a process leaves behind that is killed after its first write.
    const store = await openStore(lake);
    const died = {
      status: 'running',
      executor: 'queues',
      generation: 1,
      aliveUntilMs: Date.now() - 1,
    } as const;
    await changeState(store, id, () => died).finally(() => store.close());
    expect(await look(id)).toMatchObject({ status: 'failed', notHandedOver: 4 });
    await json('backfill', 'resume', id, '--wait');
    expect(await look(id)).toMatchObject({ status: 'done', done: 4 });
  });

  it('begins no further day while it is paused', async () => {
    await stopWork();
    await lateDrop('fourth');
    const { id } = await plan();
    await json('backfill', 'apply', id, '--max-active', '1');
    await json('backfill', 'pause', id);
    await startWork();
    for (let left = 100; (await look(id)).done < 1 && left > 0; left -= 1) await sleep(200);
    await sleep(1_000);
    expect(await look(id)).toMatchObject({ status: 'paused', done: 1, running: 0, queued: 3 });
    await json('backfill', 'resume', id, '--wait');
    expect(await statesOf()).toEqual(allFresh);
  });

  it('and runs of the same days at the same time leave every partition whole; what gave up, the next plan mends', async () => {
    await lateDrop('fifth');
    const { id } = await plan();
    await Promise.all([
      flyerline(['backfill', 'apply', id, '--wait'], { env }),
      ...DAYS.slice(1, 3).map((day) =>
        flyerline(['trigger', 'nightly', '--date', day, '--wait', '--json'], { env, cwd: dir.path }),
      ),
    ]);
    expect((await flyerline(['verify'], { env })).exitCode).toBe(0);
    // Of two runs of a day, each may have found the other ahead in some table, and given up there.
    const range = ['--from', DAYS[0]!, '--to', DAYS[3]!];
    expect(await json('backfill', 'plan', 'nightly', ...range, '--apply', '--wait')).toMatchObject({
      status: 'done',
    });
    expect(await statesOf()).toEqual(allFresh);
    expect((await flyerline(['verify'], { env })).exitCode).toBe(0);
  });
});
