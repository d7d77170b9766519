/** Export: one Parquet object per table and day, read back by two other implementations before it is shown. */
import { writeParquet } from '../lake/duckdb.ts';
import { expectedValues } from '../lake/expected-values.ts';
import { readBackParquet } from '../lake/read-back.ts';
import { keyOrder } from '../lake/write-csv.ts';
import { exportedParquet, publishedDay } from './assets.ts';
import { defineTask } from './define-task.ts';
import { exportTables, type WriteExport } from './export-tables.ts';

export const exportParquet = defineTask({
  name: 'export-parquet',
  reads: { published: publishedDay },
  makes: exportedParquet,
  run(ctx, { published }) {
    return exportTables(ctx, published, 'parquet', writeParquetExport);
  },
});

export const writeParquetExport: WriteExport = async (duck, schema, query, path) => {
  const written = await writeParquet(duck, { query, orderBy: keyOrder(schema), path });
  // What is expected comes from the source, not from the file: a row lost in writing is a row found missing.
  await readBackParquet(path, expectedValues(duck, { query }, schema));
  return written;
};
