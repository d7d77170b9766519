/** A backfill as runs in Redis: one a day, or one for all, in a lane of their own that is paused, resumed and emptied as a whole. */
import type { Dag } from '../dag.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { runStore } from '../run-store.ts';
import { intervalOfDay } from '../schedule.ts';
import { newRun } from '../scheduler-loop.ts';
import { BACKFILL_POOL, laneOf } from './backfill-lane.ts';
import type { BackfillPlan, PlannedDay } from './backfill-plan.ts';
import { backfillRunId } from './backfill-run-id.ts';
import type { DayRun } from './day-run.ts';
import { cancelFusedRuns, fusedDayRuns, insertFusedRun, limitFusedDays } from './fused-runs.ts';

export interface BackfillLane {
  readonly plan: BackfillPlan;
  readonly dag: Dag;
  /** Which time it is begun; from 1. */
  readonly generation: number;
  readonly maxActive: number;
}

const AT_ONCE = 16;

/**
 * Makes a run for each day, in order, or one for all; making one twice is making it once, so whoever died on the way is followed
 * by whoever begins again. `mayGoOn` is asked between them: a backfill that is cancelled meanwhile gets no more. Returns how many.
 */
export async function insertBackfillRuns(
  engine: RedisEngine,
  backfill: BackfillLane,
  days: readonly PlannedDay[],
  mayGoOn: () => Promise<boolean>,
): Promise<number> {
  const { plan, dag, generation, maxActive } = backfill;
  if (plan.fused) {
    if (days.length === 0 || !(await mayGoOn())) return 0;
    return (await insertFusedRun(engine, backfill, days, BACKFILL_POOL)) ? 1 : 0;
  }
  const runs = runStore(engine);
  const lane = { name: laneOf(plan.id), activeRunsMax: maxActive };
  const place = new Map(plan.days.map(({ day }, index) => [day, index]));
  let inserted = 0;
  for (let start = 0; start < days.length; start += AT_ONCE) {
    if (!(await mayGoOn())) break;
    const made = await Promise.all(
      days.slice(start, start + AT_ONCE).map(({ day, force, why }) => {
        const run = newRun(dag, {
          kind: 'backfill',
          interval: intervalOfDay(dag.options, day),
          params: { ...plan.params, ...(force ? { force: true } : {}) },
          runId: backfillRunId(dag, day, plan.id, generation),
          note: `backfill ${plan.id}: ${why}`,
        });
        return runs.insertRun({ ...run, lane, order: place.get(day)!, pool: BACKFILL_POOL });
      }),
    );
    inserted += made.filter((one) => one.inserted).length;
  }
  return inserted;
}

/** The newest run of each day, whichever time it was begun; days without one are left out. */
export async function backfillRuns(
  engine: RedisEngine,
  backfill: Pick<BackfillLane, 'plan' | 'dag' | 'generation'>,
): Promise<Map<string, DayRun>> {
  const { plan, dag, generation } = backfill;
  if (plan.fused) return fusedDayRuns(engine, backfill);
  const { redis, keys } = engine;
  const found = new Map<string, DayRun>();
  const days = plan.days.filter(({ action }) => action === 'run').map(({ day }) => day);
  for (let time = generation; time >= 1; time -= 1) {
    const open = days.filter((day) => !found.has(day));
    if (open.length === 0) break;
    const runIds = open.map((day) => backfillRunId(dag, day, plan.id, time));
    const seqs = await redis.hmget(keys.dagRunIds(dag.id), ...runIds);
    const states = await Promise.all(
      seqs.map((seq) => (seq === null ? undefined : redis.hmget(keys.run(seq), 'state', 'started', 'ended'))),
    );
    for (const [index, values] of states.entries()) {
      const [state, started, ended] = values ?? [];
      if (!state) continue;
      found.set(open[index]!, {
        day: open[index]!,
        runId: runIds[index]!,
        state: state as DayRun['state'],
        startedAtMs: started ? Number(started) : undefined,
        endedAtMs: ended ? Number(ended) : undefined,
      });
    }
  }
  return found;
}

/** Lets no day of it begin; those that run go on. */
export async function pauseBackfillRuns(
  engine: RedisEngine,
  { id, fused }: Pick<BackfillPlan, 'id' | 'fused'>,
): Promise<void> {
  await runStore(engine).pauseLane(laneOf(id), true);
  if (fused) await limitFusedDays(engine, id, 0);
}

/** Lets days of it begin, so many at a time from now on. */
export async function admitBackfillRuns(
  engine: RedisEngine,
  { id, fused }: Pick<BackfillPlan, 'id' | 'fused'>,
  maxActive: number,
): Promise<void> {
  if (fused) await limitFusedDays(engine, id, maxActive);
  else await engine.redis.hset(engine.keys.lane(laneOf(id)), 'max', maxActive);
  await runStore(engine).pauseLane(laneOf(id), false);
}

/** Ends whatever has not ended, those that wait first, so that none begins meanwhile. Returns how many. */
export async function cancelBackfillRuns(
  engine: RedisEngine,
  lane: Pick<BackfillLane, 'plan' | 'dag' | 'generation'>,
  reason: string,
): Promise<number> {
  await pauseBackfillRuns(engine, lane.plan);
  if (lane.plan.fused) return cancelFusedRuns(engine, lane, reason);
  const open = [...(await backfillRuns(engine, lane)).values()]
    .filter(({ state }) => state === 'queued' || state === 'running')
    .sort((a, b) => Number(a.state === 'running') - Number(b.state === 'running'));
  const runs = runStore(engine);
  let cancelled = 0;
  for (let start = 0; start < open.length; start += AT_ONCE) {
    const done = await Promise.all(
      open
        .slice(start, start + AT_ONCE)
        .map(({ runId }) => runs.cancelRun({ dagId: lane.dag.id, runId }, reason)),
    );
    cancelled += done.filter(Boolean).length;
  }
  return cancelled;
}

/** A lane that nothing will enter any more. Its runs stay as long as all runs do. */
export async function forgetBackfillLane({ redis, keys }: RedisEngine, backfillId: string): Promise<void> {
  const lane = laneOf(backfillId);
  if ((await redis.zcard(keys.lane(lane, 'waiting'))) + (await redis.zcard(keys.lane(lane, 'active'))) > 0)
    return;
  await redis.multi().srem(keys.lanes, lane).del(keys.lane(lane)).hdel(keys.limits, lane).exec();
}
