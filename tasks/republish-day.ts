/** Brings the exports and the catalog of a day to the head of its tables, outside of a run: after a rollback, or as a repair. */
import { updateCatalog } from '../lake/catalog.ts';
import { writeCsvExport } from './export-csv.ts';
import { writeParquetExport } from './export-parquet.ts';
import { exportTables } from './export-tables.ts';
import type { ExportedRef } from './refs.ts';
import type { Services } from './services.ts';
import { PUBLISHED_TABLES } from './tables.ts';

/** Writes only what does not show the head already. `scratchDir` is the caller's to remove. */
export async function republishDay(
  services: Services,
  day: string,
  scratchDir: string,
  signal: AbortSignal,
): Promise<ExportedRef> {
  const context = { services, scratchDir, signal, progress: () => undefined };
  const parquet = await exportTables(context, day, 'parquet', writeParquetExport);
  const csv = await exportTables(context, day, 'csv', writeCsvExport);
  await updateCatalog(services.lake, PUBLISHED_TABLES, day);
  return { day, files: [...parquet.files, ...csv.files] };
}
