/** Puts a table over a range of days into a directory: Parquet behind the read-back gate, CSV, and a note of what they were made from. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Duck, type WrittenFile, writeParquet } from '../../lake/duckdb.ts';
import { expectedValues } from '../../lake/expected-values.ts';
import { readBackParquet } from '../../lake/read-back.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { keyOrder, writeCsv } from '../../lake/write-csv.ts';
import type { PublishedRange } from './published-range.ts';

export interface RangeFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

export interface RangeExport extends Omit<PublishedRange, 'files' | 'table' | 'rowCount'> {
  readonly tables: readonly {
    readonly table: string;
    readonly rowCount: number;
    readonly files: readonly RangeFile[];
  }[];
}

/** A table and a SELECT that yields its rows, in no order. */
export interface RangeQuery {
  readonly schema: TableSchema;
  readonly query: string;
}

/**
 * Writes `<table>.parquet` and `<table>.csv` for each, and `<name>.json` with what they were made from. They replace files of these
 * names together, after the last of them is written and read back; equal input gives equal bytes.
 */
export async function writeRange(
  duck: Duck,
  name: string,
  { files: _files, table: _table, rowCount: _rowCount, ...range }: PublishedRange,
  queries: readonly RangeQuery[],
  outDir: string,
): Promise<RangeExport> {
  await mkdir(outDir, { recursive: true });
  const partial = await mkdtemp(join(outDir, '.export-'));
  try {
    const metadata = {
      definition_version: range.definitionVersion,
      metric_params: JSON.stringify(range.params),
      days: JSON.stringify(range.days),
      inputs: JSON.stringify(range.inputs),
    };
    const tables: RangeExport['tables'][number][] = [];
    for (const { schema, query } of queries) {
      const path = join(partial, `${schema.name}.parquet`);
      const parquet = await writeParquet(duck, { query, orderBy: keyOrder(schema), path, metadata });
      await readBackParquet(path, expectedValues(duck, { query }, schema));
      const csv = await writeCsv(duck, schema, { query, path: join(partial, `${schema.name}.csv`) });
      tables.push({
        table: schema.name,
        rowCount: parquet.rowCount,
        files: [parquet, csv].map((file) => fileIn(outDir, file)),
      });
    }
    const result = { ...range, tables };
    const note = {
      ...result,
      tables: tables.map(({ files, ...table }) => ({
        ...table,
        files: files.map(({ path, ...file }) => ({ name: basename(path), ...file })),
      })),
    };
    await writeFile(join(partial, `${name}.json`), `${JSON.stringify(note, null, 2)}\n`);
    for (const { table } of tables) {
      for (const format of ['parquet', 'csv'])
        await rename(join(partial, `${table}.${format}`), join(outDir, `${table}.${format}`));
    }
    await rename(join(partial, `${name}.json`), join(outDir, `${name}.json`));
    return result;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function fileIn(outDir: string, { path, size, sha256 }: WrittenFile): RangeFile {
  return { path: join(outDir, basename(path)), size, sha256 };
}
