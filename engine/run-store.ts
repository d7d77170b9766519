/** Runs in Redis: made, cancelled, cleared, marked by people and schedulers. What workers report is in attempt-store.ts. */
import { FlyerlineError } from '../infra/errors.ts';
import { packResult } from './attempt-store.ts';
import { type DagGraph, indexGraph } from './graph.ts';
import type { RedisEngine, ScriptReply } from './redis-engine.ts';
import { putGraph, readGraph } from './redis-graph.ts';
import type { ClearTarget } from './run-events.ts';
import type { DataInterval, RunKind } from './schedule.ts';
import type { RunState as RunPhase } from './states.ts';

export interface NewRun {
  readonly graph: DagGraph;
  readonly runId: string;
  readonly kind: RunKind;
  readonly interval: Pick<DataInterval, 'startMs' | 'startIso' | 'endIso' | 'day'>;
  /** Checked by the caller; must survive JSON. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly note?: string;
  /** Whatever its maker wants to say about it to programs; the tasks do not see it. At most 16 KiB of JSON. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** Version of the program that made it. */
  readonly code?: string;
  /** The line in which the run waits for its turn. @default the DAG's own, 16 runs at a time */
  readonly lane?: { readonly name: string; readonly activeRunsMax: number };
  /** Place in the lane; smaller is earlier. @default the interval's start */
  readonly order?: number;
  /** Pool that replaces those of the tasks: a backfill keeps to its own slots. */
  readonly pool?: string;
  /** A run that takes longer is cancelled. */
  readonly timeoutMs?: number;
  /** Waits until the run before it, by data interval, has ended well. */
  readonly dependsOnPast?: boolean;
}

export interface RunRef {
  readonly dagId: string;
  readonly runId: string;
}

export interface MarkRequest {
  readonly taskId: string;
  /** All instances when absent. */
  readonly mapIndex?: number;
  readonly state: 'success' | 'failed' | 'skipped';
  readonly note: string;
  readonly result?: unknown;
}

export interface CancelTarget {
  readonly taskId: string;
  /** All instances when absent. */
  readonly mapIndex?: number;
  readonly reason: string;
}

export interface RunStore {
  /** Makes a run, once per DAG and run id; it begins when its lane has room, perhaps at once. Throws FL_PARAMS_INVALID. */
  insertRun(run: NewRun): Promise<{ readonly seq: string; readonly inserted: boolean }>;
  /** Ends a run as failed: what runs is killed within a heartbeat, what has not begun is skipped. False when it had ended. */
  cancelRun(ref: RunRef, reason: string): Promise<boolean>;
  /**
   * Ends a task, or one instance, as failed, as far as it has not ended: what runs is killed within a heartbeat, and nothing is
   * tried again. The run goes on without it. False when it had ended. Throws FL_USAGE for a task or map index that does not exist.
   */
  cancelTask(ref: RunRef, target: CancelTarget): Promise<boolean>;
  /** Sets tasks back to before their first attempt and goes on from there. Throws FL_USAGE for a target that does not exist. */
  clearRun(ref: RunRef, targets: readonly ClearTarget[]): Promise<RunPhase>;
  /** Ends a task, or one instance, by hand. Throws FL_USAGE for a task or map index that does not exist. */
  markRun(ref: RunRef, mark: MarkRequest): Promise<RunPhase>;
  /** Forgets a run that has ended. False when it has not. */
  deleteRun(ref: RunRef): Promise<boolean>;
  /** Limits how many attempts of a pool run, or are on their way to a worker, at a time. Undefined: no limit. */
  setPool(name: string, slots: number | undefined): Promise<void>;
  /** Lets no run of a lane begin; those that are active go on. */
  pauseLane(name: string, paused: boolean): Promise<void>;
  /** Number of a run. Throws FL_RUN_UNKNOWN. */
  seqOf(ref: RunRef): Promise<string>;
}

export const ACTIVE_RUNS_MAX_DEFAULT = 16;

export function runStore(engine: RedisEngine): RunStore {
  const { redis, keys } = engine;
  const seqOf = async ({ dagId, runId }: RunRef) => {
    const seq = await redis.hget(keys.dagRunIds(dagId), runId);
    if (seq === null) throw runUnknown({ dagId, runId });
    return seq;
  };
  /** A change of a run by hand; its tasks are named by their place in the graph the run began with. */
  const intervene = async (
    ref: RunRef,
    script: string,
    toArguments: (placeOf: (taskId: string) => number, graph: DagGraph) => readonly (string | number)[],
  ): Promise<ScriptReply> => {
    const seq = await seqOf(ref);
    const version = await redis.hget(keys.run(seq), 'version');
    const graph = version === null ? undefined : await readGraph(redis, keys, ref.dagId, version);
    if (graph === undefined) throw runUnknown(ref);
    const placeOf = (taskId: string) => indexGraph(graph).rank.get(taskId) ?? unknownTarget(ref, taskId);
    return engine.transition(script, [seq, ...toArguments(placeOf, graph)]);
  };

  const mark = async (ref: RunRef, asked: MarkRequest, openOnly: boolean) => {
    const { taskId, mapIndex = '', state, note, result } = asked;
    const reply = await intervene(ref, 'mark', (placeOf, graph) => {
      const { json, elements } = packResult(result, isMappedOver(graph, taskId));
      const listLength = mapIndex === '' && Array.isArray(result) ? result.length : '';
      const about = [placeOf(taskId), mapIndex, STATE_LETTERS[state], note, openOnly ? '1' : ''];
      return [...about, json, listLength, ...elements];
    });
    if (reply.refusal === 'unknown-instance') unknownTarget(ref, `${taskId}[${mapIndex}]`);
    return valuesOf(reply);
  };

  return {
    seqOf,
    async insertRun(run) {
      checkConf(run);
      const args = insertArguments(run);
      let reply = await engine.transition('insert-run', args);
      if (reply.refusal === 'graph-unknown') {
        await putGraph(redis, keys, run.graph);
        reply = await engine.transition('insert-run', args);
      }
      const [seq, outcome] = valuesOf(reply);
      return { seq: String(seq), inserted: outcome === 'inserted' };
    },
    async cancelRun(ref, reason) {
      const reply = await engine.transition('cancel', [await seqOf(ref), reason]);
      if (reply.refusal === 'run-not-running') return false;
      valuesOf(reply);
      return true;
    },
    async clearRun(ref, targets) {
      const reply = await intervene(ref, 'clear', (placeOf) => [
        JSON.stringify(
          targets.map(({ taskId, mapIndices }) => ({
            task: placeOf(taskId),
            ...(mapIndices && { indices: mapIndices }),
          })),
        ),
      ]);
      if (reply.refusal === 'unknown-instance')
        unknownTarget(ref, targets.map(({ taskId }) => taskId).join(', '));
      return valuesOf(reply)[0] as RunPhase;
    },
    async cancelTask(ref, { taskId, mapIndex, reason }) {
      const instance = mapIndex === undefined ? {} : { mapIndex };
      const [, changed] = await mark(ref, { taskId, ...instance, state: 'failed', note: reason }, true);
      return Number(changed) > 0;
    },
    markRun: async (ref, asked) => (await mark(ref, asked, false))[0] as RunPhase,
    async deleteRun(ref) {
      const [code] = (await engine.run('delete-run', [await seqOf(ref)])) as number[];
      return code === 1;
    },
    async setPool(name, slots) {
      if (slots === undefined) await redis.hdel(keys.pools, name);
      else await redis.hset(keys.pools, name, slots);
    },
    async pauseLane(name, paused) {
      if (paused) await redis.hset(keys.lane(name), 'paused', 'all');
      else await redis.hdel(keys.lane(name), 'paused');
    },
  };
}

const CONF_LENGTH_MAX = 16 * 1024;

function checkConf({ graph, conf = {} }: NewRun): void {
  if (JSON.stringify(conf).length <= CONF_LENGTH_MAX) return;
  throw new FlyerlineError('FL_PARAMS_INVALID', {
    subject: `The run of DAG "${graph.id}"`,
    reason: `has a conf of more than ${CONF_LENGTH_MAX} characters`,
    remedy: 'keep what is large in the object store, and name it',
    retryable: false,
  });
}

const STATE_LETTERS = { success: 's', failed: 'f', skipped: 'k' } as const;

function insertArguments(run: NewRun): (string | number)[] {
  const { graph, interval, lane = { name: graph.id, activeRunsMax: ACTIVE_RUNS_MAX_DEFAULT } } = run;
  const fields = {
    kind: run.kind,
    start: interval.startIso,
    end: interval.endIso,
    day: interval.day,
    params: JSON.stringify(run.params ?? {}),
    note: run.note,
    conf: run.conf === undefined ? undefined : JSON.stringify(run.conf),
    code: run.code,
    timeoutMs: run.timeoutMs,
    dependsOnPast: run.dependsOnPast === true ? 1 : undefined,
  };
  return [
    graph.id,
    run.runId,
    graph.version,
    lane.name,
    lane.activeRunsMax,
    run.order ?? interval.startMs,
    interval.startMs,
    run.pool ?? '',
    ...Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
  ];
}

function isMappedOver(graph: DagGraph, taskId: string): boolean {
  return graph.tasks.some(({ expand, inputs }) => expand !== undefined && inputs[expand] === taskId);
}

function valuesOf(reply: ScriptReply): readonly unknown[] {
  if (reply.refusal === undefined) return reply.values;
  throw new FlyerlineError('FL_RUN_UNKNOWN', {
    subject: 'The run',
    reason: `cannot be changed (${reply.refusal})`,
    remedy: 'look at it with ./flyerline runs',
  });
}

export function runUnknown({ dagId, runId }: RunRef): FlyerlineError {
  return new FlyerlineError('FL_RUN_UNKNOWN', {
    subject: `Run "${runId}" of DAG "${dagId}"`,
    reason: 'does not exist',
    remedy: `list its runs with ./flyerline runs ${dagId}`,
    retryable: false,
  });
}

function unknownTarget({ dagId, runId }: RunRef, what: string): never {
  throw new FlyerlineError('FL_USAGE', {
    subject: `Run "${runId}" of DAG "${dagId}"`,
    reason: `has no task or instance ${what}`,
    remedy: 'name a task of the DAG, and a map index below its count',
    retryable: false,
  });
}
