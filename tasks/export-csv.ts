/** Export: one CSV object per table and day, RFC 4180. */
import { partitionRows } from '../lake/partition-rows.ts';
import { writeCsv } from '../lake/write-csv.ts';
import { exportedCsv, publishedDay } from './assets.ts';
import { defineTask } from './define-task.ts';
import { exportTables, type WriteExport } from './export-tables.ts';

export const exportCsv = defineTask({
  name: 'export-csv',
  reads: { published: publishedDay },
  makes: exportedCsv,
  run(ctx, { published }) {
    return exportTables(ctx, published, 'csv', writeCsvExport);
  },
});

export const writeCsvExport: WriteExport = async (duck, { schema, paths }, path) =>
  writeCsv(duck, schema, { query: await partitionRows(duck, schema, paths), orderBy: [], path });
