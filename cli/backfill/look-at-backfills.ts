/** `backfill list` and `show`: what was planned, and how far it is. */
import { type BackfillProgress, progressOf } from '../../engine/backfill/backfill-progress.ts';
import { listBackfills, readDayResults, readPlan, readState } from '../../engine/backfill/backfill-store.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import { withEngine } from '../engine/with-engine.ts';
import { type SourceOptions, withStores } from '../partitions/partition-sources.ts';
import { backfillsTable, backfillText } from './backfill-text.ts';
import { followBackfill, lookAtBackfill } from './follow-backfill.ts';
import { backfilledDag } from './plan-in-use.ts';
import { planText } from './plan-text.ts';

export async function showBackfills(options: SourceOptions): Promise<void> {
  await withStores(options, 'read', async ({ lake }, { json }) => {
    const backfills = await listBackfills(lake);
    process.stdout.write(json ? `${JSON.stringify({ backfills })}\n` : `${backfillsTable(backfills)}\n`);
  });
}

export interface ShowBackfillOptions extends SourceOptions {
  readonly watch: boolean;
}

export async function showBackfill(id: string, options: ShowBackfillOptions): Promise<void> {
  await withStores(options, 'write', async ({ lake }, { json }) => {
    const plan = await readPlan(lake, id);
    const state = await readState(lake, id);
    const lane = { plan, dag: backfilledDag(plan.dagId), generation: state.generation };
    if (state.executor === 'queues' && options.watch) {
      await withEngine(options, (engine) => followBackfill(engine, lake, lane, json));
      return;
    }
    const progress: BackfillProgress =
      state.executor === 'queues'
        ? await withEngine(options, (engine) => lookAtBackfill(engine, lake, lane)).catch(
            (error: unknown) => {
              // Without Redis, what the lake says has to do.
              if (!isFlyerlineError(error, 'FL_REDIS_MISSING')) throw error;
              return progressOf({ plan, state, nowMs: Date.now() });
            },
          )
        : progressOf({ plan, state, results: await readDayResults(lake, id), nowMs: Date.now() });
    if (json) process.stdout.write(`${JSON.stringify({ plan, state, progress })}\n`);
    else if (state.status === 'planned') process.stdout.write(`${planText(plan, true)}\n`);
    else process.stdout.write(`${backfillText(plan, state, progress)}\n`);
  });
}
