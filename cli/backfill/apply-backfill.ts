/** `backfill apply` and `resume`: does what was planned, if all is as it was then; by the workers, or in this process. */
import type { BackfillPlan, PlannedDay } from '../../engine/backfill/backfill-plan.ts';
import {
  type BackfillState,
  changeState,
  readDayResults,
  readPlan,
  readState,
} from '../../engine/backfill/backfill-store.ts';
import { type Drift, driftOf } from '../../engine/backfill/plan-backfill.ts';
import { backfillRuns } from '../../engine/backfill/queue-backfill.ts';
import type { Dag } from '../../engine/dag.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import type { CommandContext } from '../command-context.ts';
import { isRedisInUse, withEngine } from '../engine/with-engine.ts';
import { PROGRAM } from '../help.ts';
import { type SourceOptions, type Stores, withStores } from '../partitions/partition-sources.ts';
import { beginPreviewOf, previewHint } from '../preview/begin-preview.ts';
import { applyByWorkers } from './apply-by-workers.ts';
import { applyLocally } from './apply-locally.ts';
import { dryRunText } from './backfill-text.ts';
import { backfilledDag, factsInUse, paramsInUse } from './plan-in-use.ts';

export interface ApplyOptions extends SourceOptions {
  readonly maxActive?: number;
  readonly local: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

/** What is begun: by whom, and which days. */
export interface Beginning {
  readonly stores: Stores;
  readonly context: CommandContext;
  readonly options: ApplyOptions;
  readonly dag: Dag;
  readonly plan: BackfillPlan;
  readonly state: BackfillState;
  readonly days: readonly PlannedDay[];
}

/** Throws FL_PLAN_DRIFTED, FL_BACKFILL_STATE and FL_BACKFILL_UNKNOWN. */
export async function applyBackfill(id: string, options: ApplyOptions): Promise<void> {
  await withStores(options, 'write', async (stores, context) => {
    const [plan, state] = await Promise.all([readPlan(stores.lake, id), readState(stores.lake, id)]);
    const dag = backfilledDag(plan.dagId);
    if (state.status !== 'planned') {
      throw wrongState(state, 'was applied before', `resume it, or plan again`);
    }
    const days = plan.days.filter(({ action }) => action === 'run');
    const drift = await findDrift(stores, context, dag, plan, days, false);
    if (options.dryRun === true) {
      const said = { id, days: days.map(({ day }) => day), drift };
      process.stdout.write(context.json ? `${JSON.stringify(said)}\n` : `${dryRunText(plan, drift)}\n`);
      return;
    }
    refuseDrift(plan, drift);
    if (days.length === 0) return sayNothingLeft(stores, context, id);
    await begin({ stores, context, options, dag, plan, days }, state, 1);
  });
}

/** Goes on with what is left: days without a run that ended well. Throws as `applyBackfill` does. */
export async function resumeBackfill(id: string, options: ApplyOptions): Promise<void> {
  await withStores(options, 'write', async (stores, context) => {
    const [plan, state] = await Promise.all([readPlan(stores.lake, id), readState(stores.lake, id)]);
    const dag = backfilledDag(plan.dagId);
    if (state.status === 'planned') throw wrongState(state, 'was never applied', `apply it`);
    if (state.aliveUntilMs > Date.now()) {
      throw wrongState(state, 'is going on in another process', 'wait, or pause it there');
    }
    const local = state.executor === 'local';
    const { open, left } = await whatIsLeft(stores, options, dag, plan, state);
    refuseDrift(plan, await findDrift(stores, context, dag, plan, left, true));
    if (open === 0 && left.length === 0) return sayNothingLeft(stores, context, id);
    const beginning = { stores, context, options: { ...options, local }, dag, plan, days: left };
    await begin(beginning, state, left.length === 0 ? state.generation : state.generation + 1);
  });
}

async function sayNothingLeft({ lake }: Stores, { json }: CommandContext, id: string): Promise<void> {
  await changeState(lake, id, () => ({ status: 'done' }));
  process.stdout.write(json ? `${JSON.stringify({ id, status: 'done' })}\n` : 'Nothing is to be done.\n');
}

/** Days whose run has not ended yet, and days that need another one. */
async function whatIsLeft(
  { lake }: Stores,
  options: ApplyOptions,
  dag: Dag,
  plan: BackfillPlan,
  { executor, generation }: BackfillState,
): Promise<{ readonly open: number; readonly left: readonly PlannedDay[] }> {
  const days = plan.days.filter(({ action }) => action === 'run');
  if (executor === 'local') {
    const results = await readDayResults(lake, plan.id);
    return { open: 0, left: days.filter(({ day }) => results.get(day)?.state !== 'success') };
  }
  const runs = await withEngine(options, (engine) => backfillRuns(engine, { plan, dag, generation }));
  const isOpen = (day: string) => ['queued', 'running'].includes(runs.get(day)?.state ?? '');
  return {
    open: days.filter(({ day }) => isOpen(day)).length,
    left: days.filter(({ day }) => !isOpen(day) && runs.get(day)?.state !== 'success'),
  };
}

/** Its own runs of earlier times are no drift. */
async function findDrift(
  stores: Stores,
  { config }: CommandContext,
  dag: Dag,
  plan: BackfillPlan,
  days: readonly PlannedDay[],
  isResumed: boolean,
): Promise<Drift[]> {
  if (days.length === 0) return [];
  if (dag.graph.version !== plan.dagVersion) {
    return [{ day: 'all days', was: `DAG version ${plan.dagVersion}`, is: `version ${dag.graph.version}` }];
  }
  const inOrder = days.map(({ day }) => day).sort();
  const params = paramsInUse(dag, config, plan.params);
  const read = await factsInUse(stores, config, { from: inOrder[0], to: inOrder.at(-1), params });
  const wanted = new Set(inOrder);
  const facts = (read?.facts ?? [])
    .filter(({ day }) => wanted.has(day))
    .map((fact) => (fact.run?.runId.includes(plan.id) === true ? { ...fact, run: undefined } : fact));
  return driftOf(plan, days, facts, { isResumed });
}

function refuseDrift(plan: BackfillPlan, drift: readonly Drift[]): void {
  if (drift.length === 0) return;
  const told = drift.slice(0, DRIFT_TOLD_MAX).map(({ day, was, is }) => `${day} was ${was}, is now ${is}`);
  const more = drift.length > told.length ? `; and ${drift.length - told.length} more` : '';
  throw new FlyerlineError('FL_PLAN_DRIFTED', {
    subject: `Backfill ${plan.id}`,
    reason: `no longer fits what there is: ${told.join('; ')}${more}`,
    remedy: `plan again: ${PROGRAM} backfill plan ${plan.dagId} --from ${plan.summary.from} --to ${plan.summary.to}`,
    retryable: false,
  });
}

const DRIFT_TOLD_MAX = 5;

async function begin(
  about: Omit<Beginning, 'state'>,
  before: BackfillState,
  generation: number,
): Promise<void> {
  const { stores, options, plan } = about;
  const isLocal = options.local || !isRedisInUse(about.context.config);
  const { preview } = plan.params;
  if (typeof preview === 'string') {
    const days = plan.days.filter(({ action }) => action === 'run').map(({ day }) => day);
    await beginPreviewOf(stores.lake, { id: preview, dagId: plan.dagId, days, params: plan.params });
  }
  const state = await changeState(stores.lake, plan.id, (now) => {
    // Two who apply or resume at once: the first wins.
    if (now.updatedAtMs !== before.updatedAtMs)
      throw wrongState(now, 'was changed this very moment', 'look at it again');
    return {
      status: 'running',
      executor: isLocal ? 'local' : 'queues',
      generation,
      maxActive: options.maxActive ?? before.maxActive,
      appliedAtMs: now.appliedAtMs ?? Date.now(),
    };
  });
  const beginning: Beginning = { ...about, state };
  await (isLocal ? applyLocally(beginning) : applyByWorkers(beginning));
  if (typeof preview === 'string' && !about.context.json) process.stdout.write(`${previewHint(preview)}\n`);
}

function wrongState({ id, status }: BackfillState, reason: string, remedy: string): FlyerlineError {
  return new FlyerlineError('FL_BACKFILL_STATE', {
    subject: `Backfill ${id}`,
    reason: `${reason} (${status})`,
    remedy: `${remedy}: see ${PROGRAM} backfill show ${id}`,
    retryable: false,
  });
}
