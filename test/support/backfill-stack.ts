/** What stories about backfills by workers begin with: generated days, a lake, a scheduler, and workers that come and go. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import { type BackfillProgress, progressOf } from '../../engine/backfill/backfill-progress.ts';
import { changeState, readDayResults, readPlan, readState } from '../../engine/backfill/backfill-store.ts';
import { backfillRuns } from '../../engine/backfill/queue-backfill.ts';
import type { Assessment } from '../../engine/partition-state.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { loadConfig } from '../../infra/config.ts';
import { silentLogger } from '../../infra/log.ts';
import { connectRedis } from '../../infra/redis.ts';
import { openStore } from '../../lake/open-store.ts';
import { nightly } from '../../pipelines/nightly.ts';
import { startScheduler } from '../../workers/scheduler.ts';
import { startWorker, type Worker } from '../../workers/worker.ts';
import { flyerlineJson } from './flyerline.ts';

export interface BackfillStack {
  readonly env: Readonly<Record<string, string>>;
  readonly lakeDir: string;
  json<T>(...args: readonly string[]): Promise<T>;
  /** Of all generated days. */
  plan(...args: readonly string[]): Promise<BackfillPlan>;
  look(id: string): Promise<BackfillProgress>;
  /** Looks until it is so, and the command says so; throws with the last look when that takes too long. */
  lookUntil(id: string, isSo: (progress: BackfillProgress) => boolean): Promise<BackfillProgress>;
  /** As if whoever is at it had been silent for long. */
  presumeDead(id: string): Promise<void>;
  /** Days that are not fresh: `2018-09-03 stale-input`, a line per state. */
  notFresh(): Promise<string[]>;
  /** An event of somebody new at noon of these days, in one drop. */
  lateDrop(name: string, days: readonly string[]): Promise<void>;
  putDrop(name: string, rows: readonly string[]): Promise<void>;
  startWork(): Promise<void>;
  /** At once: what runs is killed. */
  stopWork(): Promise<void>;
  close(): Promise<void>;
}

export interface BackfillStackOptions {
  readonly dir: string;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly users: number;
  /** Attempts at a time. */
  readonly concurrency?: number;
}

const HEADER = 'timestamp,user_id,event,flyer_id,merchant_id';

export async function startBackfillStack(options: BackfillStackOptions): Promise<BackfillStack> {
  const { dir, redisUrl, prefix, from, to, days, users, concurrency = 2 } = options;
  const drops = join(dir, 'data/drops');
  const lakeDir = join(dir, 'lake');
  const env = {
    FLYERLINE_LAKE: lakeDir,
    FLYERLINE_DROPS: drops,
    FLYERLINE_REDIS_URL: redisUrl,
    FLYERLINE_REDIS_PREFIX: prefix,
    FLYERLINE_SCRATCH_DIR: join(dir, 'scratch'),
  };
  const config = loadConfig(
    {
      engine: { leaseMs: 2_000, workerConcurrency: concurrency },
      dags: { nightly: { paused: true }, 'repair-exports': { paused: true } },
    },
    env,
  );
  const json: BackfillStack['json'] = (...args) => flyerlineJson(args, { env, cwd: dir });
  const generated = ['--start', from, '--days', String(days), '--users', String(users)];
  await json('generate', ...generated, '--out', join(dir, 'data'));
  const scheduler = await startScheduler(config, { redisUrl, log: silentLogger });
  let worker: Worker | undefined;
  const redis = connectRedis(redisUrl, { name: 'test', forBlocking: true });
  const engine = redisEngine({ redis, prefix });
  const lake = await openStore(lakeDir);

  const look = async (id: string) =>
    (await json<{ progress: BackfillProgress }>('backfill', 'show', id)).progress;
  /** The same without a process a time, which would take from the work the time that it is waited for. */
  const glance = async (id: string) => {
    const [plan, state] = [await readPlan(lake, id), await readState(lake, id)];
    const { executor, generation } = state;
    const facts =
      executor === 'queues'
        ? { runs: await backfillRuns(engine, { plan, dag: nightly, generation }) }
        : { results: await readDayResults(lake, id) };
    return progressOf({ plan, state, ...facts, nowMs: Date.now() });
  };
  const putDrop = async (name: string, rows: readonly string[]) => {
    await mkdir(join(drops, 'late'), { recursive: true });
    await writeFile(join(drops, 'late', `${name}.csv`), `${[HEADER, ...rows].join('\n')}\n`);
  };
  const stopWork = async () => {
    await worker?.stop({ force: true });
    worker = undefined;
  };
  return {
    env,
    lakeDir,
    json,
    look,
    putDrop,
    stopWork,
    plan: (...args) => json('backfill', 'plan', 'nightly', '--from', from, '--to', to, ...args),
    async lookUntil(id, isSo) {
      for (const deadlineMs = Date.now() + LOOK_TIMEOUT_MS; ; await sleep(100)) {
        const progress = await glance(id);
        const told = isSo(progress) ? await look(id) : undefined;
        if (told !== undefined && isSo(told)) return told;
        if (Date.now() > deadlineMs)
          throw new Error(`It does not come about: ${JSON.stringify(told ?? progress)}`);
      }
    },
    async presumeDead(id) {
      await changeState(lake, id, () => ({ aliveUntilMs: Date.now() - 1 }));
    },
    async notFresh() {
      const { partitions } = await json<{ partitions: Assessment[] }>(
        'partitions',
        '--from',
        from,
        '--to',
        to,
      );
      const stale = partitions.filter(({ state }) => state !== 'fresh');
      return [...new Set(stale.map(({ day, state }) => `${day} ${state}`))];
    },
    lateDrop: (name, of) =>
      putDrop(
        name,
        of.map((day) => `${day}T12:00:00-04:00,${name},flyer_open,6720220,201`),
      ),
    async startWork() {
      worker ??= await startWorker(config, { redisUrl, log: silentLogger });
    },
    async close() {
      await stopWork();
      await scheduler.stop();
      await lake.close();
      redis.disconnect();
    },
  };
}

const LOOK_TIMEOUT_MS = 120_000;
