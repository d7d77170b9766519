/** A Redis prefix of its own with everything a test needs around it: stores, workers in this process or as processes, a journal. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { Order } from '../../bench/chaos/member.ts';
import { dispatcher } from '../../engine/dispatch.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { listProcesses } from '../../engine/redis-processes.ts';
import { type RunReader, runReader } from '../../engine/redis-read-model.ts';
import { type RunRef, type RunStore, runStore } from '../../engine/run-store.ts';
import type { RunView } from '../../engine/run-view.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { type Config, loadConfig } from '../../infra/config.ts';
import { silentLogger } from '../../infra/log.ts';
import { connectRedis } from '../../infra/redis.ts';
import type { AttemptStep } from '../../workers/run-claimed.ts';
import { type Scheduler, startScheduler } from '../../workers/scheduler.ts';
import { startWorker, type Worker } from '../../workers/worker.ts';
import { dags } from './engine-dags.ts';

const PIPELINES = join(import.meta.dirname, 'engine-dags.ts');
const ROOT = join(import.meta.dirname, '../..');

export interface EngineFixture {
  readonly config: Config;
  readonly redis: Redis;
  readonly engine: ReturnType<typeof redisEngine>;
  readonly runs: RunStore;
  readonly reader: RunReader;
  /** Directory of this test alone. */
  readonly dir: string;
  /** Makes a run of a test DAG, with a journal and a flag of its own. */
  trigger(dagId: string, options?: { readonly runId?: string; readonly params?: object }): Promise<RunRef>;
  /** What the tasks of a run have written so far, without process ids. */
  journal(ref: RunRef): Promise<string[]>;
  /** Processes that have written to it, of all tasks or one. */
  pids(ref: RunRef, taskId?: string): Promise<ReadonlySet<number>>;
  /** Path of the file that a sensor of this run waits for. */
  flag(ref: RunRef): string;
  startWorker(options?: { readonly queues?: readonly string[] }): Promise<Worker>;
  startScheduler(options?: { readonly clock?: () => number }): Promise<Scheduler>;
  /** A worker or scheduler as a process of its own, ready. */
  fork(kind: 'worker' | 'scheduler'): Promise<ChildProcess>;
  /** A worker as a process, ready, that kills itself when it passes this step for the first time. */
  forkToCrash(step: AttemptStep): Promise<ChildProcess>;
  /** Waits until the run has ended. */
  ended(ref: RunRef, timeoutMs?: number): Promise<RunView>;
  /** Looks until `found` gives something. */
  until<T>(what: string, found: () => Promise<T | undefined | false>, timeoutMs?: number): Promise<T>;
}

/** What is started through it is stopped when the test ends, or, called in `beforeAll`, after all tests. */
export async function engineFixture(
  redisUrl: string,
  prefix: string,
  engineSettings: Partial<Config['engine']> = {},
  atEnd: (stop: () => Promise<void>) => void = onTestFinished,
): Promise<EngineFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-engine-'));
  const settings = {
    leaseMs: 1_000,
    reconcileMs: 200,
    workerConcurrency: 2,
    schedulerTickMs: 200,
    ...engineSettings,
  };
  const config = loadConfig(
    {
      redisUrl,
      redisPrefix: prefix,
      scratchDir: join(dir, 'scratch'),
      lake: join(dir, 'lake'),
      log: { level: 'info' },
      engine: settings,
    },
    {},
  );
  const redis = connectRedis(redisUrl, { name: 'test', forBlocking: true });
  const jobs = dispatcher({ redis, prefix });
  const engine = redisEngine({ redis, prefix, onReady: jobs.dispatch });
  const runs = runStore(engine);
  const reader = runReader(engine);
  let triggered = 0;
  const stops: (() => Promise<unknown>)[] = [];
  atEnd(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await jobs.close();
    redis.disconnect();
    await rm(dir, { recursive: true, force: true });
  });

  const until: EngineFixture['until'] = async (what, found, timeoutMs = 20_000) => {
    for (const deadlineMs = Date.now() + timeoutMs; ; ) {
      const result = await found();
      if (result !== undefined && result !== false) return result;
      if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
      await sleep(20);
    }
  };
  const journalOf = ({ dagId, runId }: RunRef) => join(dir, `${dagId}.${runId}.journal`);
  const flagOf = ({ dagId, runId }: RunRef) => join(dir, `${dagId}.${runId}.flag`);
  const options = { redisUrl, pipelines: PIPELINES, log: silentLogger };
  const forkMember = async (kind: 'worker' | 'scheduler', module: string): Promise<ChildProcess> => {
    const env = {
      ...process.env,
      CHAOS_KIND: kind,
      FLYERLINE_REDIS_URL: redisUrl,
      FLYERLINE_REDIS_PREFIX: prefix,
      FLYERLINE_SCRATCH_DIR: config.scratchDir,
      FLYERLINE_LAKE: config.lake,
      FLYERLINE_LOG_LEVEL: 'silent',
      FLYERLINE_LEASE_MS: String(settings.leaseMs),
      FLYERLINE_RECONCILE_MS: String(settings.reconcileMs),
      FLYERLINE_WORKER_CONCURRENCY: String(settings.workerConcurrency),
      FLYERLINE_SCHEDULER_TICK_MS: String(settings.schedulerTickMs),
    };
    const child = fork(module, ['--pipelines', PIPELINES], { env, stdio: 'ignore' });
    stops.push(() => killed(child));
    await until(`the ${kind} is ready`, async () =>
      (await listProcesses(engine, kind)).some(({ pid }) => pid === child.pid),
    );
    return child;
  };

  return {
    config,
    redis,
    engine,
    runs,
    reader,
    dir,
    until,
    async trigger(dagId, { runId = `manual__${++triggered}`, params = {} } = {}) {
      const dag = dags.find(({ id }) => id === dagId)!;
      const interval = intervalOfDay(dag.options, '2018-10-01');
      const ref = { dagId, runId };
      const given = { journal: journalOf(ref), flag: flagOf(ref), ...params };
      await runs.insertRun(newRun(dag, { kind: 'manual', interval, runId, params: given }));
      return ref;
    },
    flag: flagOf,
    journal: async (ref) => (await linesOf(journalOf(ref))).map((line) => line.replace(/ pid=\d+$/, '')),
    async pids(ref, taskId = '') {
      const lines = (await linesOf(journalOf(ref))).filter((line) => line.includes(` ${taskId}`));
      return new Set(lines.map((line) => Number(/\d+$/.exec(line)![0])));
    },
    async startWorker(more = {}) {
      const worker = await startWorker(config, { ...options, ...more });
      stops.push(() => worker.stop({ force: true }));
      return worker;
    },
    async startScheduler({ clock } = {}) {
      const scheduler = await startScheduler(config, {
        ...options,
        ...(clock === undefined ? {} : { clock }),
      });
      stops.push(() => scheduler.stop());
      return scheduler;
    },
    fork: (kind) => forkMember(kind, join(ROOT, 'workers', `${kind}.ts`)),
    async forkToCrash(step) {
      const child = await forkMember('worker', join(ROOT, 'bench/chaos/member.ts'));
      child.send({ order: 'crash-at', step, passes: 1 } satisfies Order);
      return child;
    },
    ended: (ref, timeoutMs = 20_000) =>
      until(
        `run ${ref.runId} of ${ref.dagId} ends`,
        async () => {
          const run = await reader.getRun(ref);
          return (run.state === 'success' || run.state === 'failed') && run;
        },
        timeoutMs,
      ),
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
