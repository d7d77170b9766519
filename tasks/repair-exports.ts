/** Repair exports: what publishers that died left behind in `current/` is brought to the head of its table. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readCatalog } from '../lake/catalog.ts';
import { daysClaimedSince } from '../lake/claim.ts';
import { findStaleExports, findUncatalogued, type StaleExport } from '../lake/reconcile-current.ts';
import { repairedExports } from './assets.ts';
import { defineTask } from './define-task.ts';
import { republishDay } from './republish-day.ts';
import { LAKE_TABLES } from './tables.ts';

const DAY_MS = 86_400_000;

export const repairParamsSchema = z.strictObject({
  /** Only days that were run within so many days are looked at: what was right before is not looked at every hour. */
  run_within_days: z.int().min(1).max(36_500).default(14),
});

/** Writes only what does not show the head: twice is as good as once, and beside a run that is just exporting it does no harm. */
export const repairStaleExports = defineTask({
  name: 'repair-stale-exports',
  makes: repairedExports,
  params: repairParamsSchema,
  // Reads and writes what the exports of a run do.
  async run({ services, params, scratchDir, signal, log, progress }) {
    const sinceMs = Date.now() - params.run_within_days * DAY_MS;
    const stale: StaleExport[] = [];
    const catalog = await readCatalog(services.lake);
    for (const schema of LAKE_TABLES) {
      signal.throwIfAborted();
      const days = await daysClaimedSince(services.lake, schema.name, sinceMs);
      stale.push(
        ...(await findStaleExports(services.lake, schema, { days, csvGz: services.exportCsvGz === true })),
      );
      stale.push(...(await findUncatalogued(services.lake, schema, catalog, { days })));
    }
    const byDay = [...Map.groupBy(stale, ({ day }) => day)].sort(([a], [b]) => (a < b ? -1 : 1));
    const failures: unknown[] = [];
    const repaired: string[] = [];
    for (const [day, exports] of byDay) {
      signal.throwIfAborted();
      for (const { table, format, state } of exports) {
        log.warn(`${format} of ${table} ${day} was ${state}`, { table, day, format, state });
      }
      const dir = join(scratchDir, day);
      try {
        await republishDay(services, day, dir, signal);
        repaired.push(day);
      } catch (error) {
        // One day that cannot be repaired must not hold up the others.
        log.error(`${day} is not repaired`, { day, error });
        failures.push(error);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
      progress(repaired.length + failures.length, byDay.length, day);
    }
    if (failures.length > 0) throw failures[0];
    log.info(
      stale.length === 0
        ? 'Every export shows the head of its table'
        : `Repaired ${stale.length} exports of ${repaired.length} days`,
    );
    return { days: repaired, exportCount: stale.length };
  },
});
