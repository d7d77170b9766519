/** What both exports do: for every exported table that was published, bring `current/` to the head of its log. */
import { join } from 'node:path';
import type { TaskContext } from '../engine/task-context.ts';
import { publishCurrent } from '../lake/current.ts';
import { type Duck, openDuck, type WrittenFile } from '../lake/duckdb.ts';
import type { ExportFormat } from '../lake/lake-keys.ts';
import { partitionRows } from '../lake/partition-rows.ts';
import type { AddFile } from '../lake/table-log.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import type { ExportedRef } from './refs.ts';
import type { Services } from './services.ts';
import { LAKE_TABLES } from './tables.ts';

/** Writes the rows of `query` (the table's columns, in no order) to `path`, in the order of the table's key. */
export type WriteExport = (
  duck: Duck,
  schema: TableSchema,
  query: string,
  path: string,
) => Promise<WrittenFile>;

/** As a PublishedRef names them. */
export interface DayOfTables {
  readonly day: string;
  readonly tables: readonly { readonly table: string }[];
}

type Context = Pick<TaskContext<Services>, 'services' | 'scratchDir' | 'progress' | 'signal'>;

export async function exportTables(
  { services, scratchDir, progress, signal }: Context,
  { day, tables }: DayOfTables,
  format: ExportFormat,
  write: WriteExport,
): Promise<ExportedRef> {
  const schemas = LAKE_TABLES.filter(
    ({ name, exported }) => exported && tables.some(({ table }) => table === name),
  );
  const duck = await openDuck({ ...services, tempDir: scratchDir });
  try {
    const files: ExportedRef['files'][number][] = [];
    for (const schema of schemas) {
      signal.throwIfAborted();
      const build = async (_snapshot: unknown, dataFiles: readonly AddFile[]) => {
        const paths = await Promise.all(dataFiles.map(({ key }) => services.lake.fetchFile(key, scratchDir)));
        const rows = await partitionRows(duck, schema, paths);
        return write(duck, schema, rows, join(scratchDir, `${schema.name}.${format}`));
      };
      const { key, rowCount, size, sha256 } = await publishCurrent(services.lake, schema, {
        day,
        format,
        build,
      });
      files.push({ key, rowCount, size, sha256 });
      progress(files.length, schemas.length, schema.name);
    }
    return { day, files };
  } finally {
    await duck.close();
  }
}
