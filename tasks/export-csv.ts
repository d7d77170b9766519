/** Export: one CSV object per table and day, RFC 4180, and the same compressed where it is asked for. */
import { rm } from 'node:fs/promises';
import { readCurrentState } from '../lake/current.ts';
import { gzipFile } from '../lake/gzip-file.ts';
import { partitionRows } from '../lake/partition-rows.ts';
import { writeCsv } from '../lake/write-csv.ts';
import { exportedCsv, publishedDay } from './assets.ts';
import { defineTask } from './define-task.ts';
import { type DayOfTables, type ExportContext, exportTables, type WriteExport } from './export-tables.ts';
import type { ExportedRef } from './refs.ts';

export const exportCsv = defineTask({
  name: 'export-csv',
  reads: { published: publishedDay },
  makes: exportedCsv,
  run(ctx, { published }) {
    return exportCsvTables(ctx, published);
  },
});

/**
 * `.csv`, and `.csv.gz` of the tables that shall have one, or have one already: an object that nobody brings to the head would
 * show old rows for ever.
 */
export async function exportCsvTables(ctx: ExportContext, published: DayOfTables): Promise<ExportedRef> {
  const csv = await exportTables(ctx, published, 'csv', writeCsvExport);
  const { day } = published;
  const compressed = await Promise.all(
    published.tables.map(async ({ table }) => {
      const isWanted = ctx.services.exportCsvGz === true;
      return isWanted || (await readCurrentState(ctx.services.lake, table, day, 'csv.gz')) ? [{ table }] : [];
    }),
  );
  const tables = compressed.flat();
  if (tables.length === 0) return csv;
  const quiet = { ...ctx, progress: () => undefined };
  const gz = await exportTables(quiet, { day, tables }, 'csv.gz', writeCsvGzExport);
  return { day, files: [...csv.files, ...gz.files] };
}

export const writeCsvExport: WriteExport = async (duck, { schema, paths }, path) =>
  writeCsv(duck, schema, { query: await partitionRows(duck, schema, paths), orderBy: [], path });

/** The rows are written once more: the file beside it may be of another version by now. */
const writeCsvGzExport: WriteExport = async (duck, partition, path) => {
  const plain = await writeCsvExport(duck, partition, `${path}.csv`);
  try {
    return { ...(await gzipFile(plain.path, path)), rowCount: plain.rowCount };
  } finally {
    await rm(plain.path, { force: true });
  }
};
