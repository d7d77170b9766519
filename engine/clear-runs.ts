/** Clears one run, or all ended and active runs of a range of days. It only says what it would do, unless it is told to do it. */
import { FlyerlineError } from '../infra/errors.ts';
import { descendantsOf } from './graph.ts';
import { type ClearPlan, type ClearRequest, planClear } from './plan-clear.ts';
import type { RedisEngine } from './redis-engine.ts';
import { loadRun } from './redis-run-state.ts';
import type { RunState } from './run-model.ts';
import { runStore } from './run-store.ts';
import type { RunState as RunPhase } from './states.ts';

export interface ClearRunsRequest extends Omit<ClearRequest, 'taskId'> {
  readonly dagId: string;
  /** One run, or those of the days `from` to `to`, both included, `YYYY-MM-DD` local. */
  readonly runs: { readonly runId: string } | { readonly from: string; readonly to: string };
  /** @default all tasks */
  readonly taskIds?: readonly string[];
  /** @default true */
  readonly dryRun?: boolean;
}

export interface ClearedRun extends Pick<ClearPlan, 'instances'> {
  readonly runId: string;
  /** After it was cleared; as it is, in a dry run. */
  readonly state: RunPhase;
}

/** More at a time are refused: whoever needs that wants a backfill. */
const RUNS_MAX = 1_000;

/** Runs with nothing to clear are left out. Throws FL_RUN_UNKNOWN, and FL_USAGE for a task or map index that a run does not have. */
export async function clearRuns(
  engine: RedisEngine,
  { dagId, runs, taskIds, dryRun = true, ...how }: ClearRunsRequest,
): Promise<readonly ClearedRun[]> {
  const store = runStore(engine);
  const cleared: ClearedRun[] = [];
  // First all plans: what is wrong with the last run must not be found after the first was cleared.
  const plans: (ClearPlan & { readonly runId: string; readonly state: RunPhase })[] = [];
  for (const seq of await seqsOf(engine, dagId, runs)) {
    const loaded = await loadRun(engine, seq);
    if (loaded === undefined) continue;
    const { state } = loaded;
    const asked = taskIds ?? state.graph.tasks.map(({ id }) => id);
    const plan = planOf(state, asked, how);
    if (plan.instances.length > 0) plans.push({ ...plan, runId: state.runId, state: state.state });
  }
  for (const { runId, targets, instances, state } of plans) {
    const after = dryRun ? state : await store.clearRun({ dagId, runId }, targets);
    cleared.push({ runId, instances, state: after });
  }
  return cleared;
}

/** Only what failed, *and* everything behind that: a join that dealt with the failure has to look again. */
function planOf(run: RunState, taskIds: readonly string[], how: Omit<ClearRequest, 'taskId'>): ClearPlan {
  if (how.onlyFailed !== true || how.downstream === false)
    return planClear(run, ...taskIds.map((taskId) => ({ ...how, taskId })));
  const failed = planClear(run, ...taskIds.map((taskId) => ({ ...how, taskId, downstream: false })));
  const behind = failed.targets.flatMap(({ taskId }) => descendantsOf(run.graph, taskId));
  const requests = [...failed.targets, ...[...new Set(behind)].map((taskId) => ({ taskId }))];
  return planClear(run, ...requests.map((request) => ({ ...request, downstream: false })));
}

async function seqsOf(
  engine: RedisEngine,
  dagId: string,
  runs: ClearRunsRequest['runs'],
): Promise<readonly string[]> {
  if ('runId' in runs) return [await runStore(engine).seqOf({ dagId, runId: runs.runId })];
  const { redis, keys } = engine;
  const found: string[] = [];
  // A local day begins at most 14 h before and ends at most 12 h after the day in UTC.
  const [fromMs, toMs] = [Date.parse(runs.from) - DAY_MS, Date.parse(runs.to) + 2 * DAY_MS];
  for (const seq of await redis.zrangebyscore(keys.dagRuns(dagId), fromMs, toMs)) {
    const day = await redis.hget(keys.run(seq), 'day');
    if (day !== null && day >= runs.from && day <= runs.to) found.push(seq);
  }
  if (found.length <= RUNS_MAX) return found;
  throw new FlyerlineError('FL_USAGE', {
    subject: `The range ${runs.from} to ${runs.to}`,
    reason: `has ${found.length} runs of DAG "${dagId}"; at most ${RUNS_MAX} are cleared at a time`,
    remedy: 'choose a shorter range',
    retryable: false,
  });
}

const DAY_MS = 86_400_000;
