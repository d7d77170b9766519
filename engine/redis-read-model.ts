/** What people and programs see of runs in Redis: lists, one run with its task instances, its lost attempts, its progress. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAttemptId } from './attempt-id.ts';
import { type DagGraph, indexGraph } from './graph.ts';
import type { RedisEngine } from './redis-engine.ts';
import { readGraph } from './redis-graph.ts';
import { type RunHash, toRunState } from './redis-records.ts';
import type { Progress } from './run-attempt.ts';
import { positionOf, type RunState } from './run-model.ts';
import { type RunRef, runUnknown } from './run-store.ts';
import { summarize, type TaskSummary } from './run-summary.ts';
import type { PastAttempt, RunRow, RunView, TaskView } from './run-view.ts';
import type { RunKind } from './schedule.ts';
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

  const load = async (seq: string): Promise<Loaded | undefined> => {
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
      let known = new Map<string, Loaded & { readonly rev: string }>();
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

interface Loaded {
  readonly seq: string;
  readonly hash: RunHash;
  readonly state: RunState;
}

const ROW_FIELDS = [
  'dag',
  'id',
  'kind',
  'state',
  'day',
  'start',
  'end',
  'taskCount',
  'unfinished',
  'created',
  'started',
  'ended',
  'note',
  'cancelled',
  'rev',
] as const;

/** Undefined when the run was deleted between two reads. */
function toRow(values: readonly (string | null)[]): { row: RunRow; rev: string } | undefined {
  const hash = Object.fromEntries(
    ROW_FIELDS.flatMap((name, at) => (values[at] == null ? [] : [[name, values[at]]])),
  );
  return hash.id === undefined ? undefined : { row: rowOf(hash), rev: hash.rev ?? '0' };
}

function rowOf(hash: RunHash): RunRow {
  return {
    dagId: hash.dag!,
    runId: hash.id!,
    kind: hash.kind as RunKind,
    state: hash.state as RunPhase,
    day: hash.day ?? '',
    interval: { startIso: hash.start!, endIso: hash.end! },
    taskCount: Number(hash.taskCount),
    unfinished: Number(hash.unfinished),
    createdAtMs: Number(hash.created),
    ...(hash.started === undefined ? {} : { startedAtMs: Number(hash.started) }),
    ...(hash.ended === undefined ? {} : { endedAtMs: Number(hash.ended) }),
    ...(hash.note === undefined ? {} : { note: hash.note }),
    ...(hash.cancelled === undefined ? {} : { cancelled: hash.cancelled }),
  };
}

function toView({ seq, hash, state }: Loaded): RunView {
  const summary = summarize(state, hash.day ?? '', Date.now());
  return {
    ...rowOf(hash),
    ...summary,
    params: JSON.parse(hash.params ?? '{}') as Record<string, unknown>,
    version: hash.version!,
    tasks: summary.tasks.map((task) => toTaskView(seq, hash, state, task)),
  };
}

function toTaskView(seq: string, hash: RunHash, run: RunState, task: TaskSummary): TaskView {
  const place = indexGraph(run.graph).rank.get(task.taskId)!;
  const { mapIndex } = task;
  const instance = run.tasks[task.taskId]!.instances[positionOf(mapIndex)];
  if (instance === undefined || instance.mapIndex !== mapIndex) return task;
  const { attempt, worker, startedAtMs, endedAtMs, dueMs } = instance;
  const progress = hash[`p${place}${mapIndex === -1 ? '' : `.${mapIndex}`}`];
  return {
    ...task,
    ...(attempt === 0 ? {} : { attemptId: formatAttemptId({ run: seq, task: place, mapIndex, attempt }) }),
    ...(worker === undefined ? {} : { worker }),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(dueMs === undefined ? {} : { dueAtMs: dueMs }),
    ...(progress === undefined ? {} : { progress: JSON.parse(progress) as Progress }),
  };
}

/** Times in the history are ms since the run was inserted; see remember in lua/includes/attempts.lua. */
function toPastAttempt(line: string, createdMs: number): PastAttempt {
  const { task, map, attempt, outcome, worker, started, ended, error } = JSON.parse(line);
  return {
    taskId: task,
    mapIndex: map,
    attempt,
    outcome,
    ...(worker === undefined ? {} : { worker }),
    ...(started === undefined ? {} : { startedAtMs: createdMs + started }),
    endedAtMs: createdMs + ended,
    error,
  };
}
