/** Keeps runs coming while the drill lasts, makes those again that Redis has forgotten, and waits until all have ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dag } from '../../engine/dag.ts';
import { planClear } from '../../engine/plan-clear.ts';
import type { RedisEngine } from '../../engine/redis-engine.ts';
import { toRunState } from '../../engine/redis-records.ts';
import type { RunState } from '../../engine/run-model.ts';
import { type RunRef, runStore } from '../../engine/run-store.ts';
import { dueIntervals, intervalOfDay, runIdFor } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import type { Inflicted } from './inflict.ts';

export interface DrillRun extends RunRef {
  readonly dag: Dag;
  readonly day: string;
}

export interface Load {
  readonly runs: readonly DrillRun[];
  /** Made again, because Redis came back without them. */
  readonly forgotten: number;
  /** Undefined while Redis does not know it. */
  stateOf(run: DrillRun): Promise<RunState | undefined>;
  clearSome(pick: number): Promise<Inflicted>;
  /** No new runs from now on; resolves with those that have not ended in time. */
  settle(timeoutMs: number): Promise<readonly DrillRun[]>;
}

/** Of those by hand. */
const UNFINISHED_MAX = 6;
const LOOK_MS = 150;

export function startLoad(engine: RedisEngine, dags: readonly Dag[]): Load {
  const store = runStore(engine);
  const byHand = dags.filter(({ options }) => options.schedule === null);
  const made: DrillRun[] = [];
  const scheduled = dags.flatMap(scheduledRuns);
  const ended = new Set<DrillRun>();
  let forgotten = 0;
  let looks = 0;
  let settling = false;
  let stopped = false;

  const stateOf = async ({ dag, dagId, runId }: DrillRun): Promise<RunState | undefined> => {
    const seq = await engine.redis.hget(engine.keys.dagRunIds(dagId), runId);
    const hash = seq === null ? {} : await engine.redis.hgetall(engine.keys.run(seq));
    return hash.id === undefined ? undefined : toRunState(hash, dag.graph);
  };
  const insert = async ({ dag, day, runId }: DrillRun) => {
    const interval = intervalOfDay(dag.options, day);
    return (await store.insertRun(newRun(dag, { kind: 'manual', interval, runId }))).inserted;
  };
  /** Those that have ended may be set back, or be forgotten: they are looked at again. */
  const look = async () => {
    for (const run of [...made, ...scheduled]) {
      const seq = await engine.redis.hget(engine.keys.dagRunIds(run.dagId), run.runId);
      const phase = seq === null ? null : await engine.redis.hget(engine.keys.run(seq), 'state');
      if (phase === null && made.includes(run) && (await insert(run))) forgotten += 1;
      if (phase === 'success' || phase === 'failed') ended.add(run);
      else ended.delete(run);
    }
    looks += 1;
  };
  const keepComing = async () => {
    while (!stopped) {
      // Redis may be away: whoever asks has to ask again.
      await look().catch(() => {});
      if (!settling && made.filter((run) => !ended.has(run)).length < UNFINISHED_MAX) {
        const run = nextRun(byHand, made.length);
        made.push(run);
        await insert(run).catch(() => {});
      }
      await sleep(LOOK_MS);
    }
  };
  const working = keepComing();

  return {
    get runs() {
      return [...made, ...scheduled];
    },
    get forgotten() {
      return forgotten;
    },
    stateOf,
    async clearSome(pick) {
      const run = made[pick % Math.max(1, made.length)];
      const state = run && (await stateOf(run).catch(() => undefined));
      if (run === undefined || state === undefined || state.state === 'queued')
        return { missed: 'nothing to clear' };
      const { id: taskId } = run.dag.graph.tasks[pick % run.dag.graph.tasks.length]!;
      const cleared = store.clearRun(run, planClear(state, { taskId }).targets);
      if (!(await cleared.then(Boolean, () => false))) return { missed: 'it was not cleared' };
      return `${taskId} and behind of ${run.dagId} ${run.day}`;
    },
    async settle(timeoutMs) {
      settling = true;
      const deadlineMs = performance.now() + timeoutMs;
      // What was cleared or forgotten since the latest look has not ended, whatever that look has found.
      const enough = looks + 2;
      const open = () => [...made, ...scheduled].filter((run) => !ended.has(run));
      while ((open().length > 0 || looks < enough) && performance.now() < deadlineMs) await sleep(LOOK_MS);
      stopped = true;
      await working;
      return open();
    },
  };
}

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2018, 0, 1);

function nextRun(dags: readonly Dag[], number: number): DrillRun {
  const dag = dags[number % dags.length]!;
  const day = new Date(FIRST_DAY_MS + number * 7 * DAY_MS).toISOString().slice(0, 10);
  return { dag, dagId: dag.id, runId: `manual__${number}`, day };
}

/** What schedulers are to make of a DAG whose last day is past. */
function scheduledRuns(dag: Dag): readonly DrillRun[] {
  if (dag.options.schedule === null) return [];
  const intervals = dueIntervals(
    { ...dag.options },
    { nowMs: Date.now(), coveredUntilMs: undefined, max: 1_000 },
  );
  return intervals.map((interval) => ({
    dag,
    dagId: dag.id,
    runId: runIdFor('scheduled', interval),
    day: interval.day,
  }));
}
