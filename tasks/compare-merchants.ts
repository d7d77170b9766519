/** Compare: merchants with themselves on earlier days, and the days after this one with what it now is (R18). */
import type { TaskContext } from '../engine/task-context.ts';
import { isFlyerlineError } from '../infra/errors.ts';
import { updateCatalog } from '../lake/catalog.ts';
import { partitionOf } from '../lake/partitions.ts';
import { readSnapshot } from '../lake/table-log.ts';
import { publishedDay } from './assets.ts';
import { compareDay } from './compare/compare-day.ts';
import { DAYS_COMPARED, daysAround } from './compare/comparison.ts';
import { defineTask } from './define-task.ts';
import { exportCsvTables } from './export-csv.ts';
import { writeParquetExport } from './export-parquet.ts';
import { exportTables } from './export-tables.ts';
import type { Services } from './services.ts';
import { MERCHANT_DAY, MERCHANT_METRICS } from './tables.ts';

/** Makes merchant_day, which needs days that are published, from merchant_metrics, which needs none. */
export const compareMerchants = defineTask({
  name: 'compare-merchants',
  reads: { published: publishedDay },
  makes: publishedDay,
  async run(ctx, { published: { day, tables } }) {
    const compared = await compareDay(ctx, day);
    // One that is published after this look sees this day, and compares itself.
    const metrics = await readSnapshot(ctx.services.lake, MERCHANT_METRICS.name);
    for (const later of daysAround(day, 1, DAYS_COMPARED)) {
      ctx.signal.throwIfAborted();
      if (partitionOf(metrics, later) !== undefined) await compareLater(ctx, later);
    }
    if (isAside(ctx)) ctx.shortCircuit(`computed aside, in preview ${String(ctx.params.preview)}`);
    return { day, tables: compared === undefined ? tables : [...tables, compared] };
  },
});

/** Readers of exports see none of it. */
const isAside = ({ params }: TaskContext<Services>): boolean => params.preview !== undefined;

/** This run exports its own day later; a day whose comparisons it changes it exports here. */
async function compareLater(ctx: TaskContext<Services>, day: string): Promise<void> {
  const { lake } = ctx.services;
  try {
    const compared = await compareDay(ctx, day);
    if (compared?.outcome === 'committed') ctx.log.info(`Compared ${day} with its new base`);
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PINNED')) throw error;
    ctx.log.warn(`${day} stays as it was compared: a rollback holds it`);
  }
  if (isAside(ctx) || partitionOf(await readSnapshot(lake, MERCHANT_DAY.name), day) === undefined) return;
  // Also when nothing was committed: a run that died in between may have left an older export.
  const shown = { day, tables: [{ table: MERCHANT_DAY.name }] };
  const quiet = { ...ctx, progress: () => undefined };
  await exportTables(quiet, shown, 'parquet', writeParquetExport);
  await exportCsvTables(quiet, shown);
  await updateCatalog(lake, [MERCHANT_DAY], day);
}
