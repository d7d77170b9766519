/** Staged rows as a view, whichever files they are in: for tasks that read a day as its drops wrote it. */
import { type Duck, sqlPaths } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import type { StagedFile } from './refs.ts';
import { STAGED_EVENT_COLUMNS } from './staged-schema.ts';

/** Fetches what is not local and creates the view `staged_row`, without rows when there are no files. */
export async function openStagedRows(
  duck: Duck,
  store: ObjectStore,
  files: readonly StagedFile[],
  scratchDir: string,
): Promise<void> {
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
  const columns = Object.entries(STAGED_EVENT_COLUMNS);
  const none = columns.map(([name, type]) => `NULL::${type} AS ${name}`).join(', ');
  const from =
    paths.length === 0
      ? `SELECT ${none} WHERE FALSE`
      : `SELECT ${columns.map(([name]) => name).join(', ')} FROM read_parquet(${sqlPaths(paths)})`;
  await duck.run(`CREATE TEMP VIEW staged_row AS ${from}`);
}
