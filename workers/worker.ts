/** A worker: takes attempts from its queues and runs them in warm child processes. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Worker as BullWorker } from 'bullmq';
import { attemptStore } from '../engine/attempt-store.ts';
import { dispatcher } from '../engine/dispatch.ts';
import { redisEngine } from '../engine/redis-engine.ts';
import { attemptLogs } from '../engine/redis-logs.ts';
import { forgetProcess, type ProcessInfo, reportHands, reportProcess } from '../engine/redis-processes.ts';
import { keepRunRequests } from '../engine/run-requests.ts';
import type { Config } from '../infra/config.ts';
import { createLogger, type Logger } from '../infra/log.ts';
import { programVersion } from '../infra/program-version.ts';
import { connectRedis } from '../infra/redis.ts';
import { startAttemptPool } from './attempt-pool.ts';
import { holdAttempts } from './held-attempts.ts';
import { OWN_PIPELINES } from './load-pipelines.ts';
import { processName, tokenSource } from './names.ts';
import { runAsProcess } from './run-as-process.ts';
import { type AttemptRunner, type AttemptStep, runClaimed } from './run-claimed.ts';
import { LEAVE_MAX_MS, within } from './within.ts';

export interface WorkerOptions {
  readonly redisUrl: string;
  /** Queues it serves, by worker class. @default ['default'] */
  readonly queues?: readonly string[];
  /** Module with DAGs and services. @default the project's own */
  readonly pipelines?: string;
  /** @default to stderr, as configured */
  readonly log?: Logger;
  /** For crash drills: called with the name of each step when it is done; `made-ready` before attempts go to BullMQ. */
  readonly onStep?: (step: AttemptStep | 'made-ready') => void;
}

export interface Worker {
  readonly id: string;
  /**
   * Takes no new attempts and waits for those that run (drain). With `force` they are killed, and other workers take over at
   * once. May be called again with `force` while draining.
   */
  stop(options?: { readonly force?: boolean }): Promise<void>;
}

const REPORT_MS = 5_000;
/**
 * BullMQ's own lock only brings back jobs of a worker that died, or was cut off, between taking a job and claiming its attempt:
 * within a lease, like attempts. Losing it later costs nothing, since a job that comes again is refused.
 */
const jobLock = (leaseMs: number) => ({ lockDuration: leaseMs / 2, stalledInterval: leaseMs / 4 });

/** Resolves when it takes attempts. Throws FL_CONFIG_INVALID when its child processes cannot start. */
export async function startWorker(config: Config, options: WorkerOptions): Promise<Worker> {
  const { redisUrl, queues = ['default'], pipelines = OWN_PIPELINES } = options;
  const { leaseMs, workerConcurrency: concurrency } = config.engine;
  const id = processName();
  const log = (options.log ?? createLogger({ ...config.log, name: 'worker' })).child({ worker: id });
  const onError = (error: Error) => log.debug('The connection to Redis has a problem.', { error });

  const scratchDir = join(config.scratchDir, id);
  const pool = await startAttemptPool({ size: concurrency, config, pipelines, scratchDir, log });
  const redis = connectRedis(redisUrl, { name: id, forBlocking: true, onError });
  const prefix = config.redisPrefix;
  const jobs = dispatcher({ redis, prefix, log });
  const onReady: typeof jobs.dispatch = (ready) => {
    options.onStep?.('made-ready');
    jobs.dispatch(ready);
  };
  const engine = redisEngine({ redis, prefix, onReady });
  const store = attemptStore(engine);
  const held = holdAttempts(store, leaseMs, log);
  let draining = false;
  const runner: AttemptRunner = {
    store,
    pool,
    held,
    logs: attemptLogs(engine),
    log,
    worker: id,
    queues,
    drawToken: tokenSource(),
    leaseMs,
    keepRequests: (from, result) => keepRunRequests(engine, from, result),
    onStep: options.onStep,
    get draining() {
      return draining;
    },
  };

  const running = new Set<Promise<void>>();
  const handle = async (attemptId: string) => {
    const run = runClaimed(runner, attemptId);
    running.add(run);
    await run.finally(() => running.delete(run));
  };
  const bulls = queues.map((queue) => {
    const bull = new BullWorker(queue, (job) => handle(job.id!), {
      connection: redis,
      prefix: engine.keys.bull,
      concurrency,
      ...jobLock(leaseMs),
      maxStalledCount: 1_000,
      runRetryDelay: 1_000,
      skipVersionCheck: true,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    bull.on('error', onError);
    bull.on('failed', (job, error) =>
      log.error('A job could not be handled.', { attemptId: job?.id, error }),
    );
    return bull;
  });
  await Promise.all(bulls.map((bull) => bull.waitUntilReady()));

  const startedAtMs = Date.now();
  const report = () => {
    const info: ProcessInfo = {
      kind: 'worker',
      id,
      host: hostname(),
      pid: process.pid,
      version: programVersion(),
      startedAtMs,
      queues,
      concurrency,
      running: held.count,
      draining,
    };
    const hands = { id, queues, concurrency: draining ? 0 : concurrency };
    Promise.all([reportProcess(engine, info), reportHands(engine, hands)]).catch((error: unknown) => {
      log.debug('The registry was not told.', { error });
    });
  };
  report();
  const reporting = setInterval(report, REPORT_MS);
  log.info('The worker takes attempts.', { queues, concurrency });

  const { promise: dropped, resolve: drop } = Promise.withResolvers<void>();
  const drain = async () => {
    draining = true;
    report();
    // A connection that is being made anew when BullMQ closes it never tells that it is closed: what runs is what counts.
    const closed = Promise.all(bulls.map((bull) => bull.close()));
    const drained = async () => {
      while (!(await within(LEAVE_MAX_MS, closed)) && running.size > 0) await Promise.allSettled(running);
    };
    await Promise.race([drained(), dropped]);
    clearInterval(reporting);
    held.close();
    const leave = async () => {
      await jobs.close();
      await forgetProcess(engine, { kind: 'worker', id });
    };
    await within(LEAVE_MAX_MS, leave());
    redis.disconnect();
    await pool.close();
    log.info('The worker has stopped.');
  };
  let stopping: Promise<void> | undefined;
  return {
    id,
    async stop({ force = false } = {}) {
      stopping ??= drain();
      if (force) {
        await held.abandon();
        await pool.close();
        drop();
      }
      await stopping;
    },
  };
}

if (import.meta.main) await runAsProcess(startWorker);
