/** Repairs what nobody reports: attempts whose worker is gone, runs that take too long, runs that are kept for too long. */
import { archiveKey } from './archive/archive-runs.ts';
import { sweep } from './dispatch.ts';
import type { RedisEngine } from './redis-engine.ts';
import type { RunStore } from './run-store.ts';

export interface Reconciled {
  /** Ids of attempts whose lease had run out. */
  readonly lost: readonly string[];
  /** Runs that were cancelled because their time was up. */
  readonly overdueRuns: number;
}

const LEASES_MAX = 200;
const RUNS_MAX = 50;

/**
 * One look. Slots of pools cannot leak: holding one *is* being in the outbox or among the leases. An attempt whose job got lost
 * stays in the outbox until it is claimed, so the sweep finds it.
 */
export async function reconcile(
  engine: RedisEngine,
  runs: RunStore,
  random: () => number = Math.random,
): Promise<Reconciled> {
  const reply = await engine.transition('expire-leases', [LEASES_MAX, random()]);
  const lost = (reply.values?.[0] ?? []) as readonly string[];
  const overdueRuns = await cancelOverdue(engine, runs);
  await sweep(engine);
  return { lost, overdueRuns };
}

async function cancelOverdue({ redis, keys }: RedisEngine, runs: RunStore): Promise<number> {
  const [seconds] = await redis.time();
  const overdue = await redis.zrangebyscore(
    keys.deadlines,
    '-inf',
    Number(seconds) * 1000,
    'LIMIT',
    0,
    RUNS_MAX,
  );
  for (const seq of overdue) {
    const [dagId, runId, timeoutMs] = await redis.hmget(keys.run(seq), 'dag', 'id', 'timeoutMs');
    if (dagId && runId) await runs.cancelRun({ dagId, runId }, `The run took longer than ${timeoutMs} ms.`);
    await redis.zrem(keys.deadlines, seq);
  }
  return overdue.length;
}

/**
 * Forgets the oldest ended runs of each DAG beyond `keptMax`: what they made, and their history, is in the lake. Those whose
 * history is not there yet are kept. Returns how many were forgotten.
 * At most a page per DAG and call, so that a long backlog does not hold up the scheduler.
 */
export async function pruneRuns(engine: RedisEngine, runs: RunStore, keptMax: number): Promise<number> {
  const { redis, keys } = engine;
  let pruned = 0;
  for (const dagId of await redis.smembers(keys.dags)) {
    const excess = (await redis.zcard(keys.dagRuns(dagId))) - keptMax;
    if (excess <= 0) continue;
    for (const seq of await redis.zrange(keys.dagRuns(dagId), '0', String(Math.min(excess, RUNS_MAX) - 1))) {
      if ((await redis.zscore(archiveKey(engine), seq)) !== null) continue;
      const runId = await redis.hget(keys.run(seq), 'id');
      if (runId !== null && (await runs.deleteRun({ dagId, runId }))) pruned += 1;
    }
  }
  return pruned;
}
