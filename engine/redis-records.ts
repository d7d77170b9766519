/** Packed values of a run's hash, read back into the core's own types. Written by lua/includes/records.lua only. */
import type { DagGraph, TaskNode } from './graph.ts';
import {
  freshInstance,
  NO_INSTANCES,
  NO_UPSTREAM,
  type RunState,
  type TaskInstance,
  type TaskRun,
} from './run-model.ts';
import type { RunState as RunPhase, TaskState } from './states.ts';

/** A run's hash as HGETALL gives it. */
export type RunHash = Readonly<Record<string, string>>;

/** The run as the pure core would have it; lease and result of an instance are kept elsewhere and absent here. */
export function toRunState(hash: RunHash, graph: DagGraph): RunState {
  const createdMs = Number(hash.created);
  const mapIndices = recordedMapIndices(hash);
  const tasks = graph.tasks.map((node, place): [string, TaskRun] => [
    node.id,
    toTaskRun(hash, node, place, createdMs, mapIndices.get(place) ?? 0),
  ]);
  return {
    runId: hash.id!,
    graph,
    state: hash.state as RunPhase,
    unfinished: Number(hash.unfinished),
    failedLeaves: Number(hash.failedLeaves),
    ...(hash.cancelled === undefined ? {} : { cancelled: hash.cancelled }),
    ...(hash.started === undefined ? {} : { startedAtMs: Number(hash.started) }),
    ...(hash.ended === undefined ? {} : { endedAtMs: Number(hash.ended) }),
    tasks: Object.fromEntries(tasks),
  };
}

/** Task place → how many map indices have records: those of the latest expansion and of earlier ones. */
function recordedMapIndices(hash: RunHash): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const field of Object.keys(hash)) {
    const match = /^(\d+)\.(\d+)$/.exec(field);
    if (match === null) continue;
    const place = Number(match[1]);
    counts.set(place, Math.max(counts.get(place) ?? 0, Number(match[2]) + 1));
  }
  return counts;
}

function toTaskRun(
  hash: RunHash,
  node: TaskNode,
  place: number,
  createdMs: number,
  recorded: number,
): TaskRun {
  const mapped = node.expand !== undefined;
  const record = decodeTask(hash[`t${place}`], node);
  const instanceAt = (mapIndex: number): TaskInstance => {
    const field = mapIndex === -1 ? String(place) : `${place}.${mapIndex}`;
    const instance = decodeInstance(hash[field], hash[`x${field}`], mapIndex, createdMs);
    const inPlace = mapped && mapIndex < (record.task.mapCount ?? 0);
    if (inPlace && record.cancelledRest !== undefined && hash[field] === undefined) {
      const { fromIndex, atMs } = record.cancelledRest;
      const note = hash[`n${place}`] ?? '';
      if (mapIndex >= fromIndex) {
        return { ...instance, state: 'skipped', attempt: 1, endedAtMs: createdMs + atMs, note };
      }
    }
    const untouched = instance.state === 'none' || instance.state === 'removed';
    // A mapped task hands its instances out without writing a record for each.
    return inPlace && untouched && record.sinceMs !== undefined
      ? { ...instance, state: 'scheduled', attempt: instance.attempt + 1, dueMs: createdMs + record.sinceMs }
      : instance;
  };
  const places = Math.max(record.task.mapCount ?? 0, recorded);
  const instances = mapped
    ? Array.from({ length: places }, (_, index) => instanceAt(index))
    : [instanceAt(-1)];
  return { ...record.task, instances };
}

const TASK_STATES = {
  n: 'none',
  a: 'active',
  s: 'success',
  f: 'failed',
  u: 'upstream_failed',
  k: 'skipped',
} as const;

const INSTANCE_STATES: Readonly<Record<string, TaskState>> = {
  n: 'none',
  w: 'scheduled',
  r: 'running',
  s: 'success',
  f: 'failed',
  u: 'upstream_failed',
  k: 'skipped',
  y: 'up_for_retry',
  z: 'up_for_reschedule',
  x: 'removed',
};

interface TaskRecord {
  readonly task: Omit<TaskRun, 'instances'>;
  /** When it was expanded; only while it is active. */
  readonly sinceMs?: number;
  /** Instances from this one on were skipped when the run was cancelled, and have no records. */
  readonly cancelledRest?: { readonly fromIndex: number; readonly atMs: number };
}

function decodeTask(text: string | undefined, node: TaskNode): TaskRecord {
  if (text === undefined) {
    const counts = node.expand === undefined ? { ...NO_INSTANCES, unfinished: 1 } : NO_INSTANCES;
    return {
      task: { state: 'none', upstream: { ...NO_UPSTREAM, unfinished: node.upstream.length }, counts },
    };
  }
  const [state, mapCount, cut, cursor, kept, since, ...numbers] = text.split('|');
  const [uo, us, uf, uu, uk, uc, ub, co, cs, cf, cu, ck, ch] = numbers.map(Number) as [
    ...UpstreamTuple,
    ...CountTuple,
  ];
  return {
    task: {
      state: TASK_STATES[state as keyof typeof TASK_STATES],
      upstream: {
        unfinished: uo,
        success: us,
        failed: uf,
        upstream_failed: uu,
        skipped: uk,
        cut: uc,
        branched: ub,
      },
      counts: {
        unfinished: co,
        success: cs,
        failed: cf,
        upstream_failed: cu,
        skipped: ck,
        shortCircuits: ch,
      },
      ...(mapCount === '' ? {} : { mapCount: Number(mapCount) }),
      ...(cut === '1' ? { cut: true } : {}),
    },
    ...(kept === 'r'
      ? { cancelledRest: { fromIndex: Number(cursor), atMs: Number(since) } }
      : since === ''
        ? {}
        : { sinceMs: Number(since) }),
  };
}
type UpstreamTuple = [number, number, number, number, number, number, number];
type CountTuple = [number, number, number, number, number, number];

function decodeInstance(
  text: string | undefined,
  extra: string | undefined,
  mapIndex: number,
  createdMs: number,
): TaskInstance {
  if (text === undefined) return freshInstance(mapIndex);
  const [state, attempt, failures, losses, token, worker, due, started, first, ended, length] =
    text.split('|');
  const at = (name: string, ms: string | undefined) => (ms ? { [name]: createdMs + Number(ms) } : {});
  return {
    mapIndex,
    state: INSTANCE_STATES[state!]!,
    attempt: Number(attempt),
    failures: Number(failures),
    losses: Number(losses),
    ...(token ? { token } : {}),
    ...(worker ? { worker } : {}),
    ...at('dueMs', due),
    ...at('startedAtMs', started),
    ...at('firstStartedAtMs', first),
    ...at('endedAtMs', ended),
    ...(length ? { listLength: Number(length) } : {}),
    ...(extra === undefined ? {} : (JSON.parse(extra) as Partial<TaskInstance>)),
  };
}
