/** Keeps in the lake what would be lost with Redis besides ended runs: cursors, pauses, limits, and the runs under way. */
import { isFlyerlineError } from '../../infra/errors.ts';
import { dagStore } from '../dag-store.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { readGraph } from '../redis-graph.ts';
import type { RunHash } from '../redis-records.ts';
import { archiveKey } from './archive-runs.ts';
import { isRecovered } from './recover-runs.ts';
import type { OpenRun, StateDocument } from './run-document.ts';
import type { RunHistory } from './run-history.ts';

export interface StateKeeper {
  /** Writes when something has changed since the last time. Returns whether it has written. */
  keep(): Promise<boolean>;
}

/** Of more runs under way the newest are not kept: what is asked for by the thousand can be asked for again. */
const OPEN_RUNS_MAX = 5_000;

export function stateKeeper(engine: RedisEngine, history: RunHistory): StateKeeper {
  let written = '';
  let etag: string | undefined;
  const known = new Set<string>();
  return {
    async keep() {
      const state = await readState(engine);
      // Every transition changes a revision: that alone is no reason to write.
      const text = JSON.stringify(state, (name, value) => (name === 'rev' ? undefined : value));
      // An empty Redis that nothing has been put back into yet is nothing to remember.
      if (text === written || !(await isRecovered(engine))) return false;
      await keepGraphs(engine, history, state, known);
      try {
        etag = await history.putState(state, etag);
      } catch (error) {
        if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
        // Written by an earlier leader: next time, over that one.
        etag = (await history.readState())?.etag;
        return false;
      }
      written = text;
      return true;
    },
  };
}

/** Without its graph, a run cannot be asked for again. */
async function keepGraphs(
  { redis, keys }: RedisEngine,
  history: RunHistory,
  { openRuns }: StateDocument,
  known: Set<string>,
): Promise<void> {
  for (const { dagId, version } of openRuns) {
    const name = `${dagId}:${version}`;
    if (known.has(name)) continue;
    const graph = await readGraph(redis, keys, dagId, version);
    if (graph !== undefined) await history.putGraph(graph);
    known.add(name);
  }
}

/** Cursors first: an interval that is covered after that has a run that is made again, to no effect. */
async function readState(engine: RedisEngine): Promise<StateDocument> {
  const { redis, keys } = engine;
  const dags = await dagStore(engine).list();
  const pools = await redis.hgetall(keys.pools);
  const limits = await redis.hgetall(keys.limits);
  const pausedLanes: string[] = [];
  for (const lane of (await redis.smembers(keys.lanes)).sort())
    if ((await redis.hget(keys.lane(lane), 'paused')) === 'all') pausedLanes.push(lane);
  const openRuns = await readOpenRuns(engine);
  return {
    format: 1,
    dags: Object.fromEntries(
      dags.map(({ dagId, paused, coveredUntilMs }) => [
        dagId,
        { paused, ...(coveredUntilMs === undefined ? {} : { coveredUntilMs }) },
      ]),
    ),
    pools,
    limits,
    pausedLanes,
    openRuns,
  };
}

/**
 * Those that ran first, in the order in which their lanes let them begin. Runs that have ended and are not in the lake yet count,
 * too: else there would be some seconds in which they are neither here nor there.
 */
async function readOpenRuns(engine: RedisEngine): Promise<readonly OpenRun[]> {
  const { redis, keys } = engine;
  const maxes = new Map<string, number>();
  const seen = new Set<string>();
  const read = async (key: string): Promise<OpenRun[]> => {
    const seqs = (await redis.zrange(key, '0', String(OPEN_RUNS_MAX - 1 - seen.size))).filter(
      (seq) => !seen.has(seq),
    );
    for (const seq of seqs) seen.add(seq);
    const hashes = await Promise.all(seqs.map((seq) => redis.hmget(keys.run(seq), ...FIELDS)));
    return hashes.flatMap((values) => {
      if (values[0] == null) return [];
      const hash = hashOf(values);
      return [toOpenRun(hash, maxes.get(hash.lane!) ?? 1)];
    });
  };
  const lanes = (await redis.smembers(keys.lanes)).sort();
  for (const lane of lanes) maxes.set(lane, Number((await redis.hget(keys.lane(lane), 'max')) ?? 1));
  const passed = lanes.flatMap((lane) => [keys.lane(lane, 'waiting'), keys.lane(lane, 'active')]);
  const found: OpenRun[][] = [];
  // Keys in the order in which runs pass through them, so that none slips by.
  for (const key of [...passed, archiveKey(engine)])
    if (seen.size < OPEN_RUNS_MAX) found.push(await read(key));
  return found.reverse().flat();
}

const FIELDS = [
  'dag',
  'id',
  'rev',
  'kind',
  'start',
  'end',
  'day',
  'logicalMs',
  'params',
  'version',
  'lane',
  'order',
  'note',
  'conf',
  'code',
  'pool',
  'timeoutMs',
  'dependsOnPast',
] as const;

function hashOf(values: readonly (string | null)[]): RunHash {
  return Object.fromEntries(FIELDS.flatMap((name, at) => (values[at] == null ? [] : [[name, values[at]!]])));
}

function toOpenRun(hash: RunHash, laneMax: number): OpenRun {
  const { note, conf, code, pool, timeoutMs } = hash;
  return {
    dagId: hash.dag!,
    runId: hash.id!,
    rev: Number(hash.rev ?? 0),
    kind: hash.kind as OpenRun['kind'],
    start: hash.start!,
    end: hash.end!,
    day: hash.day ?? '',
    logicalMs: Number(hash.logicalMs),
    params: JSON.parse(hash.params ?? '{}') as Record<string, unknown>,
    version: hash.version!,
    lane: hash.lane!,
    laneMax,
    order: Number(hash.order),
    dependsOnPast: hash.dependsOnPast === '1',
    ...(note === undefined ? {} : { note }),
    ...(conf === undefined ? {} : { conf }),
    ...(code === undefined ? {} : { code }),
    ...(pool === undefined ? {} : { pool }),
    ...(timeoutMs === undefined ? {} : { timeoutMs: Number(timeoutMs) }),
  };
}
