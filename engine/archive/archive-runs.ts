/** Takes runs that have ended to the lake. Lua puts them in line when they end; they leave it when the lake has them. */
import { parseAttemptId } from '../attempt-id.ts';
import type { DagGraph } from '../graph.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { readGraph } from '../redis-graph.ts';
import type { LogDocument, RunDocument } from './run-document.ts';
import { logName, type RunHistory } from './run-history.ts';

/** Runs archived in one look, and at a time. */
export const ARCHIVED_MAX = 100;
const AT_A_TIME = 4;
/** Larger results, or logs, of one run are not kept: it can be looked at, but clearing a part of it runs all of it. */
const RESULTS_BYTES_MAX = 8 * 1024 ** 2;
const LOGS_BYTES_MAX = 32 * 1024 ** 2;

/** Sorted set of the numbers of ended runs that the lake does not have yet, by when they ended. */
export const archiveKey = ({ keys }: Pick<RedisEngine, 'keys'>): string => `${keys.base}archive`;
/** Set of the ids of a run's attempts that have log lines. */
export const logsKey = ({ keys }: Pick<RedisEngine, 'keys'>, seq: string): string =>
  `${keys.base}logs:${seq}`;

/** Work that follows on work within so long is one burst. */
const QUIET_MS = 500;

export interface ArchiveOptions {
  /**
   * While attempts wait, or runs end one after the other, runs that ended less than so many ms ago are left for a quieter
   * moment: taking them along costs about what running them costs. @default 0, none is left
   */
  readonly patienceMs?: number;
}

/** Returns how many were new to the lake. Several schedulers may do this at once: a document is put once. */
export async function archiveRuns(
  engine: RedisEngine,
  history: RunHistory,
  { patienceMs = 0 }: ArchiveOptions = {},
): Promise<number> {
  const line = await readLine(engine);
  let archived = 0;
  const archive = async (seq: string) => {
    const run = await readEnded(engine, seq);
    if (run !== undefined) {
      const logs = await readLogs(engine, seq, run.graph);
      if (await history.putRun(run.document, logs, run.graph)) archived += 1;
    }
    // One that was cleared meanwhile stays in line, or comes back when it ends again.
    await engine.run('archived', [seq, run?.document.rev ?? '']);
  };
  for (let from = 0; from < line.length; from += AT_A_TIME) {
    const some = line.slice(from, from + AT_A_TIME);
    // Asked anew for each few: what began meanwhile does not wait for a hundred.
    if (patienceMs > 0 && (await isBetterLater(engine, some[0]!.endedAtMs + patienceMs))) break;
    await Promise.all(some.map(({ seq }) => archive(seq)));
  }
  return archived;
}

async function readLine(engine: RedisEngine) {
  const flat = await engine.redis.zrange(archiveKey(engine), '0', String(ARCHIVED_MAX - 1), 'WITHSCORES');
  return Array.from({ length: flat.length / 2 }, (_, n) => ({
    seq: flat[2 * n]!,
    endedAtMs: Number(flat[2 * n + 1]),
  }));
}

/** Whether it is before `lateMs`, and an attempt waits for a hand, or is on its way to one, or a run has just ended. */
async function isBetterLater(engine: RedisEngine, lateMs: number): Promise<boolean> {
  const { redis, keys } = engine;
  const [seconds, micros] = await redis.time();
  const nowMs = Number(seconds) * 1_000 + Number(micros) / 1_000;
  if (nowMs > lateMs) return false;
  const [, latestEnd] = await redis.zrange(archiveKey(engine), '0', '0', 'REV', 'WITHSCORES');
  if (nowMs - Number(latestEnd) < QUIET_MS) return true;
  const asked = redis.pipeline();
  for (const channel of await redis.smembers(keys.channels))
    for (const part of ['ready', 'outbox'] as const) asked.exists(keys.channel(channel, part));
  return ((await asked.exec()) ?? []).some(([, found]) => found === 1);
}

async function readEnded(
  { redis, keys }: RedisEngine,
  seq: string,
): Promise<{ readonly document: RunDocument; readonly graph: DagGraph } | undefined> {
  const replies = await redis
    .multi()
    .hgetall(keys.run(seq))
    .hgetall(keys.results(seq))
    .lrange(keys.history(seq), 0, -1)
    .exec();
  const [hash, results, past] = replies!.map(([, value]) => value) as [
    Record<string, string>,
    Record<string, string>,
    string[],
  ];
  const { dag: dagId, id: runId, state, version } = hash;
  if (dagId === undefined || (state !== 'success' && state !== 'failed')) return undefined;
  const graph = await readGraph(redis, keys, dagId, version!);
  if (graph === undefined) return undefined;
  const document: RunDocument = {
    format: 1,
    dagId,
    runId: runId!,
    rev: Number(hash.rev ?? 0),
    state,
    kind: hash.kind ?? 'manual',
    day: hash.day ?? '',
    logicalMs: Number(hash.logicalMs),
    endIso: hash.end!,
    createdAtMs: Number(hash.created),
    endedAtMs: Number(hash.ended),
    version: version!,
    hash,
    ...(sizeOf(Object.values(results)) > RESULTS_BYTES_MAX ? {} : { results }),
    places: await readPlaces({ redis, keys }, seq, graph),
    history: past,
  };
  return { document, graph };
}

async function readPlaces(
  { redis, keys }: Pick<RedisEngine, 'redis' | 'keys'>,
  seq: string,
  graph: DagGraph,
): Promise<Record<string, string>> {
  const mapped = graph.tasks.flatMap(({ expand }, place) => (expand === undefined ? [] : [place]));
  if (mapped.length === 0) return {};
  const texts = await redis.mget(mapped.map((place) => `${keys.base}places:${seq}.${place}`));
  return Object.fromEntries(mapped.flatMap((place, at) => (texts[at] == null ? [] : [[place, texts[at]!]])));
}

async function readLogs(engine: RedisEngine, seq: string, graph: DagGraph): Promise<LogDocument> {
  const attempts: Record<string, string[]> = {};
  let bytes = 0;
  for (const id of (await engine.redis.smembers(logsKey(engine, seq))).sort()) {
    const { task, mapIndex, attempt } = parseAttemptId(id)!;
    const lines = await engine.redis.lrange(engine.keys.log(id), 0, -1);
    bytes += sizeOf(lines);
    if (bytes > LOGS_BYTES_MAX) break;
    if (lines.length > 0) attempts[logName(graph.tasks[task]!.id, mapIndex, attempt)] = lines;
  }
  return { format: 1, attempts };
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
