/** Who is at work: schedulers and workers, each with a heartbeat, its version and its load. For faces; nothing depends on it. */
import type { RedisEngine } from './redis-engine.ts';
import type { ProcessKind } from './redis-keys.ts';

export interface ProcessInfo {
  readonly kind: ProcessKind;
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Of the program. */
  readonly version: string;
  readonly startedAtMs: number;
  /** Queues a worker serves; empty for a scheduler. */
  readonly queues: readonly string[];
  /** Attempts a worker runs at a time, and those it runs now. */
  readonly concurrency: number;
  readonly running: number;
  readonly draining: boolean;
}

export interface SeenProcess extends ProcessInfo {
  readonly seenAtMs: number;
}

/** A process that has been silent for this long is gone. */
const SILENT_MAX_MS = 30_000;

/** To be called every few seconds. */
export async function reportProcess({ redis, keys }: RedisEngine, info: ProcessInfo): Promise<void> {
  const index = keys.processes(info.kind);
  await redis
    .multi()
    .set(keys.process(info.kind, info.id), JSON.stringify(info), 'PX', SILENT_MAX_MS)
    .zadd(index, Date.now(), info.id)
    .zremrangebyscore(index, '-inf', Date.now() - 10 * SILENT_MAX_MS)
    .exec();
}

/** Tells how many attempts a worker can run at a time, 0 when it leaves: as many are dispatched to idle workers. */
export async function reportHands(
  engine: RedisEngine,
  { id, queues, concurrency }: Pick<ProcessInfo, 'id' | 'queues' | 'concurrency'>,
): Promise<void> {
  await engine.run('report-hands', [id, concurrency, SILENT_MAX_MS, ...queues]);
}

export async function forgetProcess(
  { redis, keys }: RedisEngine,
  { kind, id }: Pick<ProcessInfo, 'kind' | 'id'>,
): Promise<void> {
  await redis.multi().del(keys.process(kind, id)).zrem(keys.processes(kind), id).exec();
}

/** Those that have lately shown a sign of life, the latest first. */
export async function listProcesses({ redis, keys }: RedisEngine, kind: ProcessKind): Promise<SeenProcess[]> {
  const flat = await redis.zrevrange(keys.processes(kind), 0, 999, 'WITHSCORES');
  const ids = flat.filter((_, at) => at % 2 === 0);
  if (ids.length === 0) return [];
  const infos = await redis.mget(ids.map((id) => keys.process(kind, id)));
  return infos.flatMap((json, at) =>
    json === null ? [] : [{ ...(JSON.parse(json) as ProcessInfo), seenAtMs: Number(flat[2 * at + 1]) }],
  );
}
