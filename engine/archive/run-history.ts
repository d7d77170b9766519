/**
 * The history of runs in the lake. One installation, named by its prefix of Redis keys, has
 *
 *   runs/<prefix>/<dag>/<run>/<rev>.json.gz        a run that has ended, as it ended; never changed
 *   runs/<prefix>/<dag>/<run>/<rev>.logs.json.gz   the logs of its attempts
 *   runs/<prefix>/_graphs/<dag>/<version>.json.gz  graphs of DAGs
 *   runs/<prefix>/_state.json.gz                   cursors, pauses, pools, runs under way; replaced as they change
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { DagGraph } from '../graph.ts';
import type { RunRef } from '../run-store.ts';
import {
  decodeLog,
  decodeRun,
  decodeState,
  encode,
  type LogDocument,
  type RunDocument,
  type StateDocument,
} from './run-document.ts';

export interface RunHistory {
  /** False when it is there already: another scheduler was faster. */
  putRun(document: RunDocument, logs: LogDocument, graph: DagGraph): Promise<boolean>;
  /** Keys of the latest document of each run, the latest written last. */
  listRuns(): Promise<readonly string[]>;
  readRun(key: string): Promise<RunDocument>;
  putGraph(graph: DagGraph): Promise<void>;
  readGraph(dagId: string, version: string): Promise<DagGraph | undefined>;
  /** The latest of these attempts of a task instance that has lines; undefined when none has. */
  readLog(ref: RunRef, about: LogQuery): Promise<ArchivedLog | undefined>;
  readState(): Promise<{ readonly state: StateDocument; readonly etag: string } | undefined>;
  /** Fails with FL_PRECONDITION when it is not what was read. */
  putState(state: StateDocument, etag: string | undefined): Promise<string>;
}

export interface LogQuery {
  readonly taskId: string;
  readonly mapIndex: number;
  /** @default the latest */
  readonly attempt?: number | undefined;
}

export interface ArchivedLog {
  readonly attempt: number;
  readonly lines: readonly string[];
}

const REV_DIGITS = 10;

export function runHistory(store: ObjectStore, prefix: string): RunHistory {
  const root = `runs/${prefix}/`;
  const runDir = ({ dagId, runId }: RunRef) => `${root}${dagId}/${encodeURIComponent(runId)}/`;
  const graphKey = (dagId: string, version: string) => `${root}_graphs/${dagId}/${version}.json.gz`;
  const stateKey = `${root}_state.json.gz`;
  const graphsKnown = new Set<string>();

  const putOnce = async (key: string, body: Buffer): Promise<boolean> => {
    try {
      await store.put(key, body, { ifAbsent: true });
      return true;
    } catch (error) {
      if (isFlyerlineError(error, 'FL_PRECONDITION')) return false;
      throw error;
    }
  };

  const putGraph = async (graph: DagGraph): Promise<void> => {
    const key = graphKey(graph.id, graph.version);
    if (!graphsKnown.has(key)) await putOnce(key, gzipSync(JSON.stringify(graph)));
    graphsKnown.add(key);
  };

  return {
    putGraph,
    async putRun(document, logs, graph) {
      const stem = `${runDir(document)}${String(document.rev).padStart(REV_DIGITS, '0')}`;
      await putGraph(graph);
      // The run last: where there is one, there is all that belongs to it.
      if (Object.keys(logs.attempts).length > 0) await putOnce(`${stem}.logs.json.gz`, encode(logs));
      return putOnce(`${stem}.json.gz`, encode(document));
    },
    async listRuns() {
      const latest = new Map<string, { readonly key: string; readonly at: number }>();
      for await (const { key, lastModifiedMs } of store.list(root)) {
        if (key.endsWith('.logs.json.gz') || key.startsWith(`${root}_`)) continue;
        latest.set(key.slice(0, key.lastIndexOf('/')), { key, at: lastModifiedMs });
      }
      return [...latest.values()].sort((a, b) => a.at - b.at).map(({ key }) => key);
    },
    readRun: async (key) => decodeRun(key, (await store.get(key)).body),
    async readGraph(dagId, version) {
      const key = graphKey(dagId, version);
      if ((await store.head(key)) === undefined) return undefined;
      return JSON.parse(gunzipSync((await store.get(key)).body).toString()) as DagGraph;
    },
    async readLog(ref, about) {
      const keys: string[] = [];
      for await (const { key } of store.list(runDir(ref))) if (key.endsWith('.logs.json.gz')) keys.push(key);
      for (const key of keys.reverse()) {
        const found = findLog(decodeLog(key, (await store.get(key)).body), about);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async readState() {
      if ((await store.head(stateKey)) === undefined) return undefined;
      const { body, info } = await store.get(stateKey);
      return { state: decodeState(stateKey, body), etag: info.etag };
    },
    async putState(state, etag) {
      const condition = etag === undefined ? { ifAbsent: true as const } : { ifMatch: etag };
      return (await store.put(stateKey, encode(state), condition)).etag;
    },
  };
}

/** How an attempt is named in a document of logs. */
export function logName(taskId: string, mapIndex: number, attempt: number): string {
  return `${taskId}.${mapIndex}.${attempt}`;
}

function findLog(
  { attempts }: LogDocument,
  { taskId, mapIndex, attempt }: LogQuery,
): ArchivedLog | undefined {
  const stem = `${taskId}.${mapIndex}.`;
  const numbers = Object.keys(attempts)
    .filter((name) => name.startsWith(stem))
    .map((name) => Number(name.slice(stem.length)))
    .filter((number) => attempt === undefined || number === attempt);
  if (numbers.length === 0) return undefined;
  const latest = Math.max(...numbers);
  return { attempt: latest, lines: attempts[logName(taskId, mapIndex, latest)]! };
}
