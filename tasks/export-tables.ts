/** What both exports do: for every exported table that was published, bring `current/` to the head of its log. */
import { join } from 'node:path';
import type { TaskContext } from '../engine/task-context.ts';
import { mapAtOnce } from '../infra/at-once.ts';
import { publishCurrent, type Stamp } from '../lake/current.ts';
import { type Duck, openDuck, type WrittenFile } from '../lake/duckdb.ts';
import type { ExportFormat } from '../lake/lake-keys.ts';
import type { AddFile } from '../lake/table-log.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import { exportStamp } from './export-stamp.ts';
import type { ExportedRef } from './refs.ts';
import type { Services } from './services.ts';
import { LAKE_TABLES } from './tables.ts';

/**
 * Writes the rows of a partition's data files to `path`. In each file rows are in the order of the table's key, and users of a
 * bucket are in one file, so files one after the other are a total order, and nothing is sorted again. Where user ids are
 * lower-case digests, buckets are ranges of them, and it is the order of the key.
 */
export type WriteExport = (duck: Duck, partition: ExportedPartition, path: string) => Promise<WrittenFile>;

export interface ExportedPartition {
  readonly schema: TableSchema;
  /** Local data files, in the order of their buckets; none when the partition has no rows. */
  readonly paths: readonly string[];
  readonly stamp: Stamp;
}

/** As a PublishedRef names them. */
export interface DayOfTables {
  readonly day: string;
  readonly tables: readonly { readonly table: string }[];
}

export type ExportContext = Pick<TaskContext<Services>, 'services' | 'scratchDir' | 'progress' | 'signal'>;

/** While one is put, and made durable, the next one is written. */
const TABLES_AT_ONCE = 2;
const FORMATS_AT_ONCE = 2;

export async function exportTables(
  { services, scratchDir, progress, signal }: ExportContext,
  { day, tables }: DayOfTables,
  format: ExportFormat,
  write: WriteExport,
): Promise<ExportedRef> {
  const schemas = LAKE_TABLES.filter(
    ({ name, exported }) => exported && tables.some(({ table }) => table === name),
  );
  const duck = await openDuck({ ...services, ...limitsOf(services), tempDir: scratchDir });
  try {
    let done = 0;
    const files = await mapAtOnce(schemas, TABLES_AT_ONCE, async (schema) => {
      signal.throwIfAborted();
      const connection = await duck.connect();
      const build = async (dataFiles: readonly AddFile[], stamp: Stamp) => {
        const keys = dataFiles.map(({ key }) => key).sort();
        const paths = await Promise.all(keys.map((key) => services.lake.fetchFile(key, scratchDir)));
        return write(connection, { schema, paths, stamp }, join(scratchDir, `${schema.name}.${format}`));
      };
      const options = { day, format, build, stampOf: exportStamp };
      const { table, key, rowCount, size, sha256 } = await publishCurrent(services.lake, schema, options);
      done += 1;
      progress(done, schemas.length, table);
      return { key, rowCount, size, sha256 };
    });
    return { day, files };
  } finally {
    await duck.close();
  }
}

/** Formats are exported side by side. */
function limitsOf({
  memoryLimitBytes,
  threads,
  attemptsAtOnce = 1,
}: Services): Pick<Services, 'memoryLimitBytes' | 'threads'> {
  const sharers = Math.min(attemptsAtOnce, FORMATS_AT_ONCE);
  return {
    memoryLimitBytes: Math.floor(memoryLimitBytes / sharers),
    threads: Math.max(1, Math.floor(threads / sharers)),
  };
}
