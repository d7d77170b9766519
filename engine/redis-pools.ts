/** Pools as people see them: slots, how many are taken, how many attempts wait. */
import type { RedisEngine } from './redis-engine.ts';

export interface PoolRow {
  readonly pool: string;
  /** Undefined: no limit. */
  readonly slots?: number;
  /** Attempts that run, or are on their way to a worker. */
  readonly taken: number;
  /** Entries in line: attempts, and one for all that is left of a mapped task. */
  readonly waiting: number;
}

/** Pools that a DAG uses, or that have been given slots; by name. */
export async function listPools({ redis, keys }: RedisEngine): Promise<readonly PoolRow[]> {
  const [limits, channels] = await Promise.all([redis.hgetall(keys.pools), redis.smembers(keys.channels)]);
  const names = new Set([...Object.keys(limits), ...channels.map((channel) => channel.split('@')[0]!)]);
  return Promise.all(
    [...names].sort().map(async (pool) => {
      const own = channels.filter((channel) => channel.startsWith(`${pool}@`));
      const count = async (part: 'ready' | 'outbox' | 'leases') => {
        const counts = await Promise.all(own.map((channel) => redis.zcard(keys.channel(channel, part))));
        return counts.reduce((sum, each) => sum + each, 0);
      };
      const [waiting, outbox, leases] = await Promise.all([count('ready'), count('outbox'), count('leases')]);
      const slots = limits[pool] === undefined ? {} : { slots: Number(limits[pool]) };
      return { pool, ...slots, taken: outbox + leases, waiting };
    }),
  );
}
