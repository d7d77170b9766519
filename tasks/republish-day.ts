/** Brings the exports and the catalog of a day to the head of its tables, outside of a run: after a rollback, or as a repair. */
import { updateCatalog } from '../lake/catalog.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import { headToken, readSnapshot } from '../lake/table-log.ts';
import { exportCsvTables } from './export-csv.ts';
import { writeParquetExport } from './export-parquet.ts';
import { type DayOfTables, exportTables } from './export-tables.ts';
import type { ExportedRef } from './refs.ts';
import type { Services } from './services.ts';
import { LAKE_TABLES } from './tables.ts';

/** Writes only what does not show the head already. `scratchDir` is the caller's to remove. */
export async function republishDay(
  services: Services,
  day: string,
  scratchDir: string,
  signal: AbortSignal,
): Promise<ExportedRef> {
  const context = { services, scratchDir, signal, progress: () => undefined };
  const committed = await committedTables(services.lake, day);
  const parquet = await exportTables(context, committed, 'parquet', writeParquetExport);
  const csv = await exportCsvTables(context, committed);
  await updateCatalog(services.lake, LAKE_TABLES, day);
  return { day, files: [...parquet.files, ...csv.files] };
}

async function committedTables(lake: ObjectStore, day: string): Promise<DayOfTables> {
  const heads = await Promise.all(
    LAKE_TABLES.map(async ({ name }) => ({
      table: name,
      token: headToken(await readSnapshot(lake, name), day),
    })),
  );
  return { day, tables: heads.filter(({ token }) => token !== undefined) };
}
