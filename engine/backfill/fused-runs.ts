/** A fused backfill in Redis: one run whose mapped task has an instance per day, and what each day looks like in it. */
import type { Dag } from '../dag.ts';
import { type DagGraph, toGraph } from '../graph.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { runReader } from '../redis-read-model.ts';
import { runStore } from '../run-store.ts';
import type { RunView, TaskView } from '../run-view.ts';
import { intervalOfDay } from '../schedule.ts';
import { newRun } from '../scheduler-loop.ts';
import type { TaskState } from '../states.ts';
import { laneOf } from './backfill-lane.ts';
import type { BackfillPlan, PlannedDay } from './backfill-plan.ts';
import { backfillRunId } from './backfill-run-id.ts';
import type { DayRun } from './day-run.ts';
import { type FusedParams, fusedDag, fusedDagId, fusedParams, MAKE_DAY } from './fused-dag.ts';

export interface FusedBackfill {
  readonly plan: BackfillPlan;
  /** That runs for each day. */
  readonly dag: Dag;
  /** Which time it is begun; from 1. */
  readonly generation: number;
}

/** Makes the run; making it twice is making it once. False when it was there. */
export async function insertFusedRun(
  engine: RedisEngine,
  { plan, dag, generation, maxActive }: FusedBackfill & { readonly maxActive: number },
  days: readonly PlannedDay[],
  pool: string,
): Promise<boolean> {
  const fused = fusedDag(dag);
  const inOrder = days.map(({ day }) => day).sort();
  const first = intervalOfDay(dag.options, inOrder[0]!);
  const last = intervalOfDay(dag.options, inOrder.at(-1)!);
  const params: FusedParams = {
    ...{ backfill: plan.id, generation, params: plan.params },
    days: days.map(({ day }) => day),
    forced: days.filter(({ force }) => force).map(({ day }) => day),
  };
  const run = newRun(fused, {
    kind: 'backfill',
    interval: { ...first, endMs: last.endMs, endIso: last.endIso },
    params,
    runId: fusedRunId(dag, plan, generation),
    note: `backfill ${plan.id}: ${days.length} days`,
  });
  const { inserted } = await runStore(engine).insertRun({
    ...run,
    graph: limitedGraph(fused.graph, laneOf(plan.id), maxActive),
    lane: { name: laneOf(plan.id), activeRunsMax: RUNS_AT_ONCE },
    pool,
  });
  return inserted;
}

/** What limits it is the days. A run that is begun again must not wait for the last days of the one before. */
const RUNS_AT_ONCE = 16;

const fusedRunId = (dag: Dag, { id, summary }: BackfillPlan, generation: number): string =>
  backfillRunId(dag, summary.from, id, generation);

/** The limit is named in the graph, and kept beside it, where it can be changed while days run. */
function limitedGraph(graph: DagGraph, name: string, max: number): DagGraph {
  const limits = [{ name, max }];
  return toGraph(
    graph.id,
    graph.tasks.map((node) => (node.id === MAKE_DAY ? { ...node, limits } : node)),
  );
}

/** Days at a time from now on; 0: none begins. */
export async function limitFusedDays(
  { redis, keys }: RedisEngine,
  backfillId: string,
  max: number,
): Promise<void> {
  await redis.hset(keys.limits, laneOf(backfillId), max);
}

/** The newest of each day, whichever time it was begun; days that no run has been asked for, or that were taken back, are left out. */
export async function fusedDayRuns(
  engine: RedisEngine,
  backfill: FusedBackfill,
): Promise<Map<string, DayRun>> {
  const found = new Map<string, DayRun>();
  for (const run of (await fusedRuns(engine, backfill)).toReversed()) {
    for (const day of daysOf(run)) if (!found.has(day.day)) found.set(day.day, day);
  }
  return found;
}

/** Cancels the runs of all times that have not ended. Returns how many. */
export async function cancelFusedRuns(
  engine: RedisEngine,
  backfill: FusedBackfill,
  reason: string,
): Promise<number> {
  let cancelled = 0;
  for (const { dagId, runId, state } of await fusedRuns(engine, backfill)) {
    const isOpen = state === 'queued' || state === 'running';
    if (isOpen && (await runStore(engine).cancelRun({ dagId, runId }, reason))) cancelled += 1;
  }
  return cancelled;
}

/** By the time it was begun; those that Redis does not have any more are left out. */
async function fusedRuns(
  engine: RedisEngine,
  { plan, dag, generation }: FusedBackfill,
): Promise<readonly RunView[]> {
  const dagId = fusedDagId(dag.id);
  const runIds = Array.from({ length: generation }, (_, index) => fusedRunId(dag, plan, index + 1));
  const known = await engine.redis.hmget(engine.keys.dagRunIds(dagId), ...runIds);
  const reader = runReader(engine);
  return Promise.all(
    runIds.filter((_, index) => known[index] !== null).map((runId) => reader.getRun({ dagId, runId })),
  );
}

/** A fused run as so many days. */
export function daysOf(run: RunView): DayRun[] {
  const { days } = fusedParams.parse(run.params);
  const instances = new Map(
    run.tasks.filter(({ taskId }) => taskId === MAKE_DAY).map((task) => [task.mapIndex, task]),
  );
  return days.flatMap((day, index) => {
    const instance = instances.get(index);
    const state = instance === undefined ? stateBefore(run) : DAY_STATES[instance.state];
    return state === undefined ? [] : [dayRunOf(day, run.runId, state, instance)];
  });
}

/** Of a day whose instance there is not yet. */
const stateBefore = ({ state }: RunView): DayRun['state'] | undefined =>
  state === 'queued' || state === 'running' ? 'queued' : undefined;

/** What was taken back before it began is as if nobody had asked for it. */
const DAY_STATES: Readonly<Record<TaskState, DayRun['state'] | undefined>> = {
  none: 'queued',
  scheduled: 'queued',
  queued: 'queued',
  up_for_retry: 'queued',
  up_for_reschedule: 'queued',
  running: 'running',
  success: 'success',
  failed: 'failed',
  upstream_failed: 'failed',
  skipped: undefined,
  removed: undefined,
};

function dayRunOf(day: string, runId: string, state: DayRun['state'], instance?: TaskView): DayRun {
  return {
    ...{ day, runId, state },
    startedAtMs: instance?.startedAtMs,
    endedAtMs: state === 'success' || state === 'failed' ? instance?.endedAtMs : undefined,
    error: instance?.error?.message,
  };
}
