/** The ways in which days are made: by workers, a run a day or fused; one by one in a process; and a process each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startGroup } from '../../cli/up/process-group.ts';
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import { dagStore } from '../../engine/dag-store.ts';
import { type RedisEngine, redisEngine } from '../../engine/redis-engine.ts';
import { listProcesses } from '../../engine/redis-processes.ts';
import { connectRedis } from '../../infra/redis.ts';
import { dags } from '../../pipelines/index.ts';
import { command, environmentOf, type RunCommand } from './run-command.ts';

export interface Way {
  readonly name: string;
  readonly title: string;
  /** How many of the days are made. */
  readonly days: (options: { readonly days: number; readonly singleDays: number }) => number;
  /** Resolves to the time from asking for the days to the last one's end, ms. */
  make(run: RunCommand, days: readonly string[], options: WayOptions): Promise<number>;
}

export interface WayOptions {
  readonly workers: number;
  readonly maxActive: number;
}

const allDays = ({ days }: { readonly days: number }) => days;

export const WAYS: readonly Way[] = [
  {
    name: 'local',
    title: 'one by one, one process',
    days: allDays,
    make: (run, days) => applyTimed(run, days, ['--max-active', '1'], ['--local']),
  },
  {
    name: 'single',
    title: 'one by one, a process each',
    days: ({ days, singleDays }) => Math.min(days, singleDays),
    make: (run, days) => runEach(run, days),
  },
  {
    name: 'runs',
    title: 'workers, a run a day',
    days: allDays,
    make: (run, days, options) => byWorkers(run, days, options, []),
  },
  {
    name: 'fused',
    title: 'workers, fused',
    days: allDays,
    make: (run, days, options) => byWorkers(run, days, options, ['--fused']),
  },
];

async function applyTimed(
  run: RunCommand,
  days: readonly string[],
  planArgs: readonly string[],
  applyArgs: readonly string[],
): Promise<number> {
  const range = ['--from', days[0]!, '--to', days.at(-1)!];
  const { id } = await command<BackfillPlan>(run, 'backfill', 'plan', 'nightly', ...range, ...planArgs);
  const startMs = performance.now();
  await command(run, 'backfill', 'apply', id, ...applyArgs);
  return performance.now() - startMs;
}

/** As a script would: nobody else has to know of the other days. */
async function runEach(run: RunCommand, days: readonly string[]): Promise<number> {
  const startMs = performance.now();
  for (const day of days) await command(run, 'run', 'nightly', '--date', day);
  return performance.now() - startMs;
}

async function byWorkers(
  run: RunCommand,
  days: readonly string[],
  { workers, maxActive }: WayOptions,
  planArgs: readonly string[],
): Promise<number> {
  const { url, prefix } = run.redis!;
  const redis = connectRedis(url, { name: 'bench' });
  const engine = redisEngine({ redis, prefix });
  // Nothing but the backfill shall run.
  for (const dag of dags) await dagStore(engine).register(dag, { paused: true });
  const worker = { name: 'worker', module: 'workers/worker.ts', args: [] };
  const group = startGroup(
    [{ name: 'scheduler', module: 'workers/scheduler.ts', args: [] }, ...Array(workers).fill(worker)],
    { ...environmentOf(run), FLYERLINE_WORKER_CONCURRENCY: '1' },
  );
  try {
    await untilReady(engine, workers);
    return await applyTimed(run, days, ['--max-active', String(maxActive), ...planArgs], ['--wait']);
  } finally {
    await group.stop();
    redis.disconnect();
  }
}

const READY_TIMEOUT_MS = 60_000;

async function untilReady(engine: RedisEngine, workers: number): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  while ((await listProcesses(engine, 'worker')).length < workers) {
    if (Date.now() > deadlineMs) throw new Error(`the workers were not ready within ${READY_TIMEOUT_MS} ms`);
    await sleep(50);
  }
}
