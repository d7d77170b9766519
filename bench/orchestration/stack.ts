/** What is measured: a private Redis with its append-only file, a scheduler and two workers as processes, as in production. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { startGroup } from '../../cli/up/process-group.ts';
import type { Dag } from '../../engine/dag.ts';
import { dispatcher } from '../../engine/dispatch.ts';
import { type RedisEngine, redisEngine } from '../../engine/redis-engine.ts';
import { listProcesses } from '../../engine/redis-processes.ts';
import { runStore } from '../../engine/run-store.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { connectRedis } from '../../infra/redis.ts';
import { acquireRedis } from '../../infra/redis-server.ts';

export interface BenchStack {
  readonly redisUrl: string;
  readonly redis: Redis;
  readonly engine: RedisEngine;
  /** Makes a run; returns its number. */
  insert(dag: Dag, params?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Resolves when all these runs have ended. Throws when one has failed. */
  ended(seqs: readonly string[]): Promise<void>;
  /** Bytes that Redis uses. */
  usedMemory(): Promise<number>;
  stop(): Promise<void>;
}

export const WORKERS = 2;
const PREFIX = 'bench';
const PIPELINES = join(import.meta.dirname, 'dags.ts');
const READY_TIMEOUT_MS = 60_000;

export async function startStack(concurrency: number): Promise<BenchStack> {
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-bench-'));
  const server = await acquireRedis({ dataDir: join(dir, 'redis') });
  const args = ['--pipelines', PIPELINES];
  const worker = { name: 'worker', module: 'workers/worker.ts', args };
  const members = [
    { name: 'scheduler', module: 'workers/scheduler.ts', args },
    ...Array(WORKERS).fill(worker),
  ];
  const group = startGroup(members, {
    ...process.env,
    FLYERLINE_REDIS_URL: server.url,
    FLYERLINE_REDIS_PREFIX: PREFIX,
    // The archive of runs is there: an empty Redis gets back what another benchmark has left in it.
    FLYERLINE_LAKE: join(dir, 'lake'),
    FLYERLINE_SCRATCH_DIR: join(dir, 'scratch'),
    FLYERLINE_WORKER_CONCURRENCY: String(concurrency),
    FLYERLINE_LOG_LEVEL: 'warn',
  });
  const redis = connectRedis(server.url, { name: 'bench', forBlocking: true });
  const jobs = dispatcher({ redis, prefix: PREFIX });
  const engine = redisEngine({ redis, prefix: PREFIX, onReady: jobs.dispatch });
  const runs = runStore(engine);
  let inserted = 0;
  const stop = async () => {
    await group.stop();
    await jobs.close();
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
  await ready(engine).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    redisUrl: server.url,
    redis,
    engine,
    stop,
    async insert(dag, params = {}) {
      inserted += 1;
      const interval = intervalOfDay(dag.options, '2018-10-01');
      const run = newRun(dag, { kind: 'manual', interval, params, runId: `manual__${inserted}` });
      const made = await runs.insertRun(run);
      if (!made.inserted) throw new Error(`run ${run.runId} of ${dag.id} was there before it was made`);
      return made.seq;
    },
    ended: (seqs) => ended(engine, seqs),
    usedMemory: async () => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))![1]),
  };
}

async function ready(engine: RedisEngine): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  while ((await listProcesses(engine, 'worker')).length < WORKERS) {
    if (Date.now() > deadlineMs) throw new Error(`the workers were not ready within ${READY_TIMEOUT_MS} ms`);
    await sleep(50);
  }
}

/** Asks for one run at a time, seldom enough not to be what is measured. */
async function ended({ redis, keys }: RedisEngine, seqs: readonly string[]): Promise<void> {
  for (const seq of seqs) {
    for (let state: string | null = null; state !== 'success'; ) {
      state = await redis.hget(keys.run(seq), 'state');
      if (state === 'failed') throw new Error(`run ${seq} has failed`);
      if (state !== 'success') await sleep(1);
    }
  }
}
