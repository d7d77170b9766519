/** A published table over a range of days in one file of each format: what lies under `current/` day by day. */
import { openDuck } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import { partitionRows } from '../lake/partition-rows.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import type { ExportUserOptions } from './export-user.ts';
import { readPublishedRange } from './range/published-range.ts';
import { type RangeExport, type RangeFormat, writeRange } from './range/write-range.ts';

export interface ExportTableOptions extends Omit<ExportUserOptions, 'rowsPerPass'> {
  /** Any table of the lake, also one that `current/` does not carry. */
  readonly schema: TableSchema;
  readonly formats: readonly RangeFormat[];
}

/**
 * Writes `<table>.<format>` and `<table>.json` into `outDir`, ordered by day, then by the table's key. Days that are not published are left
 * out, and named in the result. Throws FL_OBJECT_MISSING when none is, FL_CHECK_FAILED when days follow different definitions, FL_READ_BACK.
 */
export async function exportTable(store: ObjectStore, options: ExportTableOptions): Promise<RangeExport> {
  const { schema, formats, from, to, outDir, scratchDir, signal, frozen } = options;
  const range = await readPublishedRange(store, schema.name, { from, to }, frozen);
  const duck = await openDuck({ ...options, tempDir: scratchDir });
  try {
    const paths: string[] = [];
    // A day at a time: at most as many requests at once as a day has buckets.
    for (const files of Map.groupBy(range.files, ({ day }) => day).values()) {
      signal?.throwIfAborted();
      paths.push(...(await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)))));
    }
    const query = await partitionRows(duck, schema, paths);
    const orderBy = ['day', ...schema.key.filter((name) => name !== 'day')];
    return await writeRange(duck, schema.name, range, [{ schema, query, orderBy }], outDir, formats);
  } finally {
    await duck.close();
  }
}
