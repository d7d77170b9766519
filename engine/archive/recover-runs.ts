/** Rebuilds in Redis, from the lake, what can be rebuilt: ended runs as they were, cursors, pauses, limits; open runs are asked for again. */
import type { DagGraph } from '../graph.ts';
import { durationsOf } from '../notify/durations.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { putGraph } from '../redis-graph.ts';
import { toRunState } from '../redis-records.ts';
import { runStore } from '../run-store.ts';
import { restoreState, whatIsThere } from './restore-state.ts';
import type { OpenRun, RunDocument } from './run-document.ts';
import type { RunHistory } from './run-history.ts';

export interface Recovered {
  /** Ended runs that were put back. */
  readonly ended: number;
  /** Runs that had not ended, and were asked for again. */
  readonly again: number;
  /** Ended runs of which the graph is missing, or whose documents cannot be read. */
  readonly unreadable: readonly string[];
}

/** Runs per DAG that are put back, the latest; the lake keeps all. */
const RUNS_MAX = 5_000;
const READ_AT_A_TIME = 16;
/** Runs that forecasts are made from. */
const DURATIONS_MAX = 20;

/** Says that this Redis holds all that the lake knew when it was new. */
const markOf = ({ keys }: Pick<RedisEngine, 'keys'>): string => `${keys.base}recovered`;

export async function isRecovered(engine: RedisEngine): Promise<boolean> {
  return (await engine.redis.exists(markOf(engine))) === 1;
}

/**
 * May be done at any time, by several at once, and again: a run that is there, by DAG and run id, is left alone, cursors only go
 * forward. To be done before schedulers make runs; they see to that themselves.
 */
export async function recoverRuns(engine: RedisEngine, history: RunHistory): Promise<Recovered> {
  const kept = (await history.readState())?.state;
  const there = await whatIsThere(engine);
  const { documents, unreadable } = await readDocuments(history);
  const open = (kept?.openRuns ?? []).filter((run) => !hasEndedSince(run, documents));
  const reopened = new Set(open.map(nameOf));
  let ended = 0;
  for (const document of documents) {
    if (reopened.has(nameOf(document))) continue;
    const graph = await history.readGraph(document.dagId, document.version);
    if (graph === undefined) {
      unreadable.push(`${document.dagId} ${document.runId}`);
      continue;
    }
    await putGraph(engine.redis, engine.keys, graph);
    if (!(await restore(engine, document))) continue;
    ended += 1;
    if (document.state === 'success') {
      const durations = JSON.stringify(durationsOf(toRunState(document.hash, graph)));
      const key = engine.keys.durations(document.dagId);
      await engine.redis
        .multi()
        .lpush(key, durations)
        .ltrim(key, 0, DURATIONS_MAX - 1)
        .exec();
    }
  }
  const graphs = await putGraphs(engine, history, open);
  await restoreState(engine, kept, documents, there);
  let again = 0;
  for (const run of open) {
    const graph = graphs.get(run.version);
    if (graph === undefined) unreadable.push(nameOf(run));
    else if (await askAgain(engine, graph, run)) again += 1;
  }
  await engine.redis.set(markOf(engine), Date.now());
  return { ended, again, unreadable };
}

const nameOf = ({ dagId, runId }: Pick<OpenRun, 'dagId' | 'runId'>): string => `${dagId} ${runId}`;

/** One that was cleared after it had ended has more transitions than its document. */
function hasEndedSince(open: OpenRun, documents: readonly RunDocument[]): boolean {
  return documents.some((document) => nameOf(document) === nameOf(open) && document.rev >= open.rev);
}

/** The latest of each DAG, oldest first. */
async function readDocuments(history: RunHistory) {
  const counts = new Map<string, number>();
  const wanted = (await history.listRuns()).toReversed().filter((key) => {
    const dagId = key.split('/')[2]!;
    counts.set(dagId, (counts.get(dagId) ?? 0) + 1);
    return counts.get(dagId)! <= RUNS_MAX;
  });
  wanted.reverse();
  const documents: RunDocument[] = [];
  const unreadable: string[] = [];
  for (let from = 0; from < wanted.length; from += READ_AT_A_TIME) {
    const keys = wanted.slice(from, from + READ_AT_A_TIME);
    const read = await Promise.allSettled(keys.map((key) => history.readRun(key)));
    for (const [at, result] of read.entries()) {
      if (result.status === 'fulfilled') documents.push(result.value);
      else unreadable.push(keys[at]!);
    }
  }
  return { documents: documents.sort((a, b) => a.createdAtMs - b.createdAtMs), unreadable };
}

/** By version, which is a hash. Those that the lake does not have are missing. */
async function putGraphs(engine: RedisEngine, history: RunHistory, runs: readonly OpenRun[]) {
  const graphs = new Map<string, DagGraph>();
  for (const { dagId, version } of runs) {
    if (graphs.has(version)) continue;
    const graph = await history.readGraph(dagId, version);
    if (graph === undefined) continue;
    await putGraph(engine.redis, engine.keys, graph);
    graphs.set(version, graph);
  }
  return graphs;
}

async function restore(engine: RedisEngine, document: RunDocument): Promise<boolean> {
  const { dagId, runId, logicalMs, createdAtMs, hash, results = {}, places, history } = document;
  const [values, made, where] = [hash, results, places].map((fields) => Object.entries(fields).flat());
  const seq = await engine.run('restore-run', [
    dagId,
    runId,
    logicalMs,
    createdAtMs,
    values!.length,
    made!.length,
    where!.length,
    ...values!,
    ...made!,
    ...where!,
    ...history,
  ]);
  return seq !== '';
}

const AGAIN = 'Asked for again after Redis was lost.';

async function askAgain(engine: RedisEngine, graph: DagGraph, run: OpenRun): Promise<boolean> {
  const { lane, laneMax, order, pool, timeoutMs, note, conf, code, dependsOnPast } = run;
  const { inserted } = await runStore(engine).insertRun({
    graph,
    runId: run.runId,
    kind: run.kind,
    interval: { startMs: run.logicalMs, startIso: run.start, endIso: run.end, day: run.day },
    params: run.params,
    note: note === undefined || note.endsWith(AGAIN) ? (note ?? AGAIN) : `${note} ${AGAIN}`,
    lane: { name: lane, activeRunsMax: laneMax },
    order,
    dependsOnPast,
    ...(conf === undefined ? {} : { conf: JSON.parse(conf) as Record<string, unknown> }),
    ...(code === undefined ? {} : { code }),
    ...(pool === undefined ? {} : { pool }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return inserted;
}
