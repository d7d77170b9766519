/** Export: one Parquet object per table and day, read back by two other implementations before it is shown. */
import { concatParquet } from '../lake/concat-parquet.ts';
import { writeParquet } from '../lake/duckdb.ts';
import { expectedValues } from '../lake/expected-values.ts';
import { partitionRows } from '../lake/partition-rows.ts';
import { readBackParquet } from '../lake/read-back.ts';
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

/** Data files become one by copying their row groups; only where their columns differ are rows written anew. */
export const writeParquetExport: WriteExport = async (duck, { schema, paths, stamp }, path) => {
  const query = await partitionRows(duck, schema, paths);
  const written =
    (await concatParquet({ sources: paths, columns: schema.columns, path, metadata: stamp })) ??
    (await writeParquet(duck, { query, path, metadata: stamp }));
  // What is expected comes from the data files, not from the export: a row lost on the way is a row found missing.
  await readBackParquet(path, expectedValues(duck, { query }, schema));
  return written;
};
