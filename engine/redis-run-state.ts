/** One run read from Redis as the core's own state, with the graph it began with. */
import type { RedisEngine } from './redis-engine.ts';
import { readGraph } from './redis-graph.ts';
import { toRunState } from './redis-records.ts';
import type { LoadedRun } from './redis-views.ts';

/** Undefined when the run, or its graph, is not kept any more. */
export async function loadRun({ redis, keys }: RedisEngine, seq: string): Promise<LoadedRun | undefined> {
  const hash = await redis.hgetall(keys.run(seq));
  if (hash.id === undefined) return undefined;
  const graph = await readGraph(redis, keys, hash.dag!, hash.version!);
  return graph && { seq, hash, state: toRunState(hash, graph) };
}
