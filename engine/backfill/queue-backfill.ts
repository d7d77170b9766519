/** A backfill as runs in Redis: one a day, in a lane of their own that is paused, resumed and emptied as a whole. */
import type { Dag } from '../dag.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { runStore } from '../run-store.ts';
import { intervalOfDay } from '../schedule.ts';
import { newRun } from '../scheduler-loop.ts';
import type { RunState as RunPhase } from '../states.ts';
import type { BackfillPlan, PlannedDay } from './backfill-plan.ts';

/** Slots that runs of all backfills share; without a limit unless one is set. */
export const BACKFILL_POOL = 'backfill';

export interface BackfillLane {
  readonly plan: BackfillPlan;
  readonly dag: Dag;
  /** Which time it is begun; from 1. */
  readonly generation: number;
  readonly maxActive: number;
}

export interface DayRun {
  readonly day: string;
  readonly runId: string;
  readonly state: RunPhase;
  readonly startedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
}

const AT_ONCE = 16;

export const laneOf = (backfillId: string): string => `backfill-${backfillId}`;

/** The run of a day: another one each time the backfill is begun. */
export function backfillRunId(dag: Dag, day: string, backfillId: string, generation: number): string {
  const { startIso } = intervalOfDay(dag.options, day);
  return `backfill__${startIso}__${backfillId}${generation > 1 ? `.${generation}` : ''}`;
}

/**
 * Makes a run for each day, in order; making one twice is making it once, so whoever died on the way is followed by whoever
 * begins again. `mayGoOn` is asked between them: a backfill that is cancelled meanwhile gets no more.
 */
export async function insertBackfillRuns(
  engine: RedisEngine,
  { plan, dag, generation, maxActive }: BackfillLane,
  days: readonly PlannedDay[],
  mayGoOn: () => Promise<boolean>,
): Promise<number> {
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
  { redis, keys }: RedisEngine,
  { plan, dag, generation }: Pick<BackfillLane, 'plan' | 'dag' | 'generation'>,
): Promise<Map<string, DayRun>> {
  const found = new Map<string, DayRun>();
  const days = plan.days.filter(({ action }) => action === 'run').map(({ day }) => day);
  for (let time = generation; time >= 1; time -= 1) {
    const open = days.filter((day) => !found.has(day));
    if (open.length === 0) break;
    const runIds = open.map((day) => backfillRunId(dag, day, plan.id, time));
    const seqs = await redis.hmget(keys.dagRunIds(dag.id), ...runIds);
    const states = await Promise.all(
      seqs.map((seq) =>
        seq === null ? undefined : redis.hmget(keys.run(seq), 'state', 'created', 'started', 'ended'),
      ),
    );
    for (const [index, values] of states.entries()) {
      const [state, , started, ended] = values ?? [];
      if (!state) continue;
      found.set(open[index]!, {
        day: open[index]!,
        runId: runIds[index]!,
        state: state as RunPhase,
        startedAtMs: started ? Number(started) : undefined,
        endedAtMs: ended ? Number(ended) : undefined,
      });
    }
  }
  return found;
}

/** Lets no run of it begin; those that run go on. */
export async function pauseBackfillRuns(
  engine: RedisEngine,
  backfillId: string,
  paused: boolean,
): Promise<void> {
  await runStore(engine).pauseLane(laneOf(backfillId), paused);
}

/** Another limit for what begins from now on. */
export async function limitBackfillRuns(
  engine: RedisEngine,
  backfillId: string,
  maxActive: number,
): Promise<void> {
  await engine.redis.hset(engine.keys.lane(laneOf(backfillId)), 'max', maxActive);
}

/** Ends whatever has not ended, those that wait first, so that none begins meanwhile. Returns how many. */
export async function cancelBackfillRuns(
  engine: RedisEngine,
  lane: Pick<BackfillLane, 'plan' | 'dag' | 'generation'>,
  reason: string,
): Promise<number> {
  await pauseBackfillRuns(engine, lane.plan.id, true);
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
  await redis.multi().srem(keys.lanes, lane).del(keys.lane(lane)).exec();
}
