/** Puts back what people and schedulers had set: how far DAGs are, what is paused, how much may run at a time. */
import { dagStore } from '../dag-store.ts';
import type { RedisEngine } from '../redis-engine.ts';
import type { RunDocument, StateDocument } from './run-document.ts';

/** What must stay as it is. */
export interface There {
  readonly limits: Readonly<Record<string, string>>;
  readonly lanes: ReadonlySet<string>;
}

/** To be asked before graphs are put: they bring their limits along. */
export async function whatIsThere({ redis, keys }: RedisEngine): Promise<There> {
  return {
    limits: await redis.hgetall(keys.limits),
    lanes: new Set(await redis.smembers(keys.lanes)),
  };
}

/** Once the graphs are there, and before runs are asked for: what waits in a paused backfill must not begin. */
export async function restoreState(
  engine: RedisEngine,
  kept: StateDocument | undefined,
  documents: readonly RunDocument[],
  there: There,
): Promise<void> {
  const { redis, keys } = engine;
  const dagStates = dagStore(engine);
  for (const [dagId, { coveredUntilMs, paused }] of Object.entries(kept?.dags ?? {})) {
    if (coveredUntilMs !== undefined) await dagStates.coverUntil(dagId, coveredUntilMs);
    const known = await redis.hexists(keys.dag(dagId), 'paused');
    if (paused && known === 0) await dagStates.pause(dagId, true);
  }
  for (const { dagId, kind, endIso } of documents) {
    // Without a state there is nothing better; an interval between that had not ended is not asked for again.
    if (kept === undefined && kind === 'scheduled') await dagStates.coverUntil(dagId, Date.parse(endIso));
  }
  for (const [pool, slots] of Object.entries(kept?.pools ?? {})) await redis.hsetnx(keys.pools, pool, slots);
  const limits = { ...kept?.limits, ...there.limits };
  if (Object.keys(limits).length > 0) await redis.hset(keys.limits, limits);
  for (const lane of kept?.pausedLanes ?? [])
    if (!there.lanes.has(lane)) await redis.hset(keys.lane(lane), 'paused', 'all');
}
