/** What people and programs see of runs in Redis: lists, one run with its task instances, its lost attempts, its progress. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DagGraph } from './graph.ts';
import type { RedisEngine } from './redis-engine.ts';
import { readGraph } from './redis-graph.ts';
import { toRunState } from './redis-records.ts';
import { type LoadedRun, ROW_FIELDS, toPastAttempt, toRow, toView } from './redis-views.ts';
import { type RunRef, runUnknown } from './run-store.ts';
import type { PastAttempt, RunRow, RunView } from './run-view.ts';
import type { RunState as RunPhase } from './states.ts';

export interface RunQuery {
  readonly dagId?: string;
  readonly state?: RunPhase;
  /** @default 50 */
  readonly limit?: number;
}

export interface RunReader {
  /** Newest first: of one DAG by logical date, of all by time of insertion. */
  listRuns(query?: RunQuery): Promise<readonly RunRow[]>;
  /** Throws FL_RUN_UNKNOWN. */
  getRun(ref: RunRef): Promise<RunView>;
  /** Oldest first; the last 2,000 of a run. Throws FL_RUN_UNKNOWN. */
  listPastAttempts(ref: RunRef): Promise<readonly PastAttempt[]>;
  /**
   * Looks at the runs of a query again and again: yields at once, then after each change, and at every look while something
   * runs (durations grow). Ends with the signal. State is read, never taken from events, so nothing can be missed for long.
   */
  watchRuns(
    query: RunQuery,
    options?: { readonly pollMs?: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<readonly RunView[]>;
}

const POLL_MS = 200;
/** Runs that a query with a state looks through, at most. */
const SCAN_MAX = 5_000;
const PAGE = 100;

export function runReader(engine: RedisEngine): RunReader {
  const { redis, keys } = engine;
  const graphs = new Map<string, DagGraph>();
  const graphOf = async (dagId: string, version: string): Promise<DagGraph | undefined> => {
    const name = `${dagId}:${version}`;
    const graph = graphs.get(name) ?? (await readGraph(redis, keys, dagId, version));
    if (graph !== undefined) graphs.set(name, graph);
    return graph;
  };

  /** Numbers and rows of the runs that a query finds. */
  const find = async ({ dagId, state, limit = 50 }: RunQuery): Promise<Found[]> => {
    const index = dagId === undefined ? keys.runs : keys.dagRuns(dagId);
    const found: Found[] = [];
    for (let from = 0; from < SCAN_MAX && found.length < limit; from += PAGE) {
      const seqs = await redis.zrevrange(index, from, from + PAGE - 1);
      if (seqs.length === 0) break;
      const rows = await Promise.all(seqs.map((seq) => redis.hmget(keys.run(seq), ...ROW_FIELDS)));
      for (const [at, values] of rows.entries()) {
        const row = toRow(values);
        if (row === undefined || (state !== undefined && row.row.state !== state)) continue;
        if (found.push({ seq: seqs[at]!, ...row }) === limit) break;
      }
    }
    return found;
  };

  const load = async (seq: string): Promise<LoadedRun | undefined> => {
    const hash = await redis.hgetall(keys.run(seq));
    if (hash.id === undefined) return undefined;
    const graph = await graphOf(hash.dag!, hash.version!);
    return graph && { seq, hash, state: toRunState(hash, graph) };
  };

  const seqOf = async (ref: RunRef): Promise<string> => {
    const seq = await redis.hget(keys.dagRunIds(ref.dagId), ref.runId);
    if (seq === null) throw runUnknown(ref);
    return seq;
  };

  return {
    listRuns: async (query = {}) => (await find(query)).map(({ row }) => row),
    async getRun(ref) {
      const loaded = await load(await seqOf(ref));
      if (loaded === undefined) throw runUnknown(ref);
      return toView(loaded);
    },
    async listPastAttempts(ref) {
      const seq = await seqOf(ref);
      const [lines, created] = await Promise.all([
        redis.lrange(keys.history(seq), 0, -1),
        redis.hget(keys.run(seq), 'created'),
      ]);
      return lines.map((line) => toPastAttempt(line, Number(created)));
    },
    async *watchRuns(query, { pollMs = POLL_MS, signal } = {}) {
      let known = new Map<string, LoadedRun & { readonly rev: string }>();
      let first = true;
      while (signal?.aborted !== true) {
        const found = await find(query);
        const next: typeof known = new Map();
        for (const { seq, rev } of found) {
          const before = known.get(seq);
          const now = before?.rev === rev ? before : await load(seq).then((run) => run && { ...run, rev });
          if (now !== undefined) next.set(seq, now);
        }
        const changed = next.size !== known.size || [...next].some(([seq, run]) => known.get(seq) !== run);
        const running = found.some(({ row }) => row.state === 'running');
        known = next;
        if (first || changed || running) yield [...known.values()].map(toView);
        first = false;
        await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      }
    },
  };
}

interface Found {
  readonly seq: string;
  /** Changes with every transition. */
  readonly rev: string;
  readonly row: RunRow;
}
