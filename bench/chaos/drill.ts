/** The drill: processes, a Redis, runs that keep coming, and faults as planned; then peace, and a look at what has become of it. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { dagStore } from '../../engine/dag-store.ts';
import { dispatcher } from '../../engine/dispatch.ts';
import { type RedisEngine, redisEngine } from '../../engine/redis-engine.ts';
import { listProcesses } from '../../engine/redis-processes.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import { findExecutable } from '../../infra/find-executable.ts';
import { freePort } from '../../infra/free-port.ts';
import { isAlive } from '../../infra/is-alive.ts';
import { connectRedis } from '../../infra/redis.ts';
import { describeEnvironment } from '../support/environment.ts';
import { countCrashes, countFaults } from './count-faults.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { inflict } from './inflict.ts';
import { type Load, startLoad } from './load.ts';
import { type MortalRedis, startMortalRedis } from './mortal-redis.ts';
import { type PlannedFault, planFaults } from './plan-faults.ts';
import { randomDags } from './random-dags.ts';
import type { ChaosResult, HistoryEntry } from './result.ts';
import { verify } from './verify.ts';

export interface DrillOptions {
  readonly seed: number;
  /** How long faults are inflicted. */
  readonly durationMs: number;
  readonly workers: number;
  readonly schedulers: number;
  /** Everything the drill writes; made new. */
  readonly dir: string;
  readonly signal: AbortSignal;
  /** Told what goes on: phase, share of it that is done, and a few words. */
  readonly onProgress: (phase: 'start' | 'drill' | 'settle' | 'verify', share: number, note: string) => void;
}

const PREFIX = 'chaos';
const LEASE_MS = 2_000;
const READY_TIMEOUT_MS = 60_000;
/** Every run ends within this time after the last fault; the longest wait is for a half-open connection, 15 s. */
const SETTLE_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 30_000;

/** Never throws for what the drill finds: that is in `violations`. */
export async function runDrill(options: DrillOptions): Promise<ChaosResult> {
  const { seed, durationMs, workers, schedulers, dir, onProgress } = options;
  const environment = describeEnvironment(PROJECT_ROOT);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  onProgress('start', 0, '');
  const dags = randomDags(seed);
  const binary = (await findExecutable('redis-server')) ?? (await findExecutable('valkey-server'));
  if (binary === undefined) throw new Error('neither redis-server nor valkey-server is on the PATH');
  const server = await startMortalRedis(binary, await freePort(), join(dir, 'redis'));
  const redis = connectRedis(server.url, { name: 'drill', forBlocking: true });
  const jobs = dispatcher({ redis, prefix: PREFIX });
  const engine = redisEngine({ redis, prefix: PREFIX, onReady: jobs.dispatch });
  let fleet: Fleet | undefined;
  try {
    fleet = await startFleet({
      workers,
      schedulers,
      redisPort: server.port,
      dir,
      env: environmentOf(options),
    });
    await untilReady(engine, options);
    const load = startLoad(engine, dags);
    const faults = planFaults(seed, { workers, schedulers, durationMs, leaseMs: LEASE_MS });
    const history = await inflictAll(faults, { fleet, redis: server, load }, options);
    onProgress('settle', 0, '');
    const settleStartMs = performance.now();
    const stuck = await load.settle(SETTLE_TIMEOUT_MS);
    const settledMs = performance.now() - settleStartMs;
    const missing = await membersMissing(engine, workers, schedulers);
    const attempts = await countAttempts(engine, load);
    const { restarts } = fleet;
    const crashes = await countCrashes(dir);
    onProgress('verify', 0, '');
    const verdict = await verify(engine, load, { seed, dir, scratchDir: join(dir, 'scratch') }, (share) =>
      onProgress('verify', share, ''),
    );
    const hung = await fleet.stop(STOP_TIMEOUT_MS);
    fleet = undefined;
    const violations = [
      ...stuck.map(
        ({ dagId, runId }) => `${dagId} ${runId}: has not ended ${SETTLE_TIMEOUT_MS} ms after the last fault`,
      ),
      ...missing,
      ...(hung > 0
        ? [`${hung} processes had to be killed at the end: they did not drain within ${STOP_TIMEOUT_MS} ms`]
        : []),
      ...verdict.violations,
    ];
    return {
      benchmark: 'chaos',
      environment,
      seed,
      durationMs,
      workers,
      schedulers,
      faults: countFaults(history, crashes),
      crashes,
      runs: load.runs.length,
      tasks: verdict.tasks,
      effects: verdict.effects,
      ...attempts,
      forgottenRuns: load.forgotten,
      restarts,
      settledMs,
      violations,
      history,
      ok: violations.length === 0,
    };
  } finally {
    server.thaw();
    await fleet?.stop(1_000);
    await jobs.close().catch(() => {});
    redis.disconnect();
    await server.kill();
  }
}

function environmentOf({ seed, dir }: DrillOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CHAOS_SEED: String(seed),
    CHAOS_DIR: dir,
    FLYERLINE_REDIS_PREFIX: PREFIX,
    FLYERLINE_LAKE: join(dir, 'archive'),
    FLYERLINE_SCRATCH_DIR: join(dir, 'scratch'),
    FLYERLINE_LEASE_MS: String(LEASE_MS),
    FLYERLINE_RECONCILE_MS: '300',
    FLYERLINE_SCHEDULER_TICK_MS: '300',
    FLYERLINE_WORKER_CONCURRENCY: '2',
    FLYERLINE_LOG_LEVEL: 'info',
  };
}

async function untilReady(engine: RedisEngine, { workers, signal }: DrillOptions): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while ((await listProcesses(engine, 'worker')).length < workers) {
    signal.throwIfAborted();
    if (performance.now() > deadlineMs)
      throw new Error(`the workers were not ready within ${READY_TIMEOUT_MS} ms`);
    await sleep(50);
  }
  // A DAG that has never been seen may be paused by default; the drill's are not.
  const states = dagStore(engine);
  for (const { dagId, paused } of await states.list()) if (paused) await states.pause(dagId, false);
}

/** Each at its time, whether or not those before it are over; resolves when all are. */
async function inflictAll(
  faults: readonly PlannedFault[],
  { fleet, redis, load }: { fleet: Fleet; redis: MortalRedis; load: Load },
  { durationMs, signal, onProgress }: DrillOptions,
): Promise<readonly HistoryEntry[]> {
  const startMs = performance.now();
  const history: HistoryEntry[] = [];
  const under: Promise<void>[] = [];
  const wait = async (untilMs: number) => {
    const ms = untilMs - (performance.now() - startMs);
    if (ms > 0) await sleep(ms, undefined, { signal });
  };
  let redisIsBusy: Promise<unknown> = Promise.resolve();
  for (const fault of faults) {
    await wait(fault.afterMs);
    const atMs = Math.round(performance.now() - startMs);
    const { afterMs: _after, kind, ...detail } = fault;
    onProgress('drill', atMs / durationMs, `${kind}, ${load.runs.length} runs so far`);
    const victims = { fleet, redis, clearSome: load.clearSome };
    // One thing at a time for Redis: it cannot be frozen while it is dead.
    const doing =
      kind === 'kill-redis' || kind === 'freeze-redis'
        ? redisIsBusy.then(() => inflict(fault, victims))
        : inflict(fault, victims);
    if (kind === 'kill-redis' || kind === 'freeze-redis') redisIsBusy = doing.catch(() => {});
    const entry = { atMs, fault: `${kind} ${JSON.stringify(detail)}` };
    under.push(
      doing.then(
        (done) => {
          const missed = typeof done !== 'string';
          history.push({ ...entry, kind, missed, note: missed ? done.missed : done });
        },
        (error: unknown) =>
          void history.push({ ...entry, kind, missed: true, note: `failed: ${String(error)}` }),
      ),
    );
  }
  await wait(durationMs);
  await Promise.all(under);
  return history.sort((a, b) => a.atMs - b.atMs);
}

/** Whoever does not say that it lives, hangs. */
async function membersMissing(
  engine: RedisEngine,
  workers: number,
  schedulers: number,
): Promise<readonly string[]> {
  const wanted = { worker: workers, scheduler: schedulers } as const;
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const missing: string[] = [];
    for (const kind of ['worker', 'scheduler'] as const) {
      const alive = await listProcesses(engine, kind);
      const lately = alive.filter(({ pid }) => isAlive(pid)).length;
      if (lately < wanted[kind])
        missing.push(`${wanted[kind] - lately} of ${wanted[kind]} ${kind}s give no sign of life`);
    }
    if (missing.length === 0 || performance.now() > deadlineMs) return missing;
    await sleep(200);
  }
}

async function countAttempts(engine: RedisEngine, load: Load) {
  const reader = runReader(engine);
  const counts = { failed: 0, lost: 0 };
  for (const run of load.runs) {
    for (const { outcome } of await reader.listPastAttempts(run).catch(() => [])) counts[outcome] += 1;
  }
  return { failedAttempts: counts.failed, lostAttempts: counts.lost };
}
