/** Puts a table over a range of days into a directory: Parquet behind the read-back gate, CSV, and a note of what it was made from. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Duck, sqlName, writeParquet } from '../../lake/duckdb.ts';
import { expectedValues } from '../../lake/expected-values.ts';
import { gzipFile } from '../../lake/gzip-file.ts';
import { readBackParquet } from '../../lake/read-back.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { writeCsv } from '../../lake/write-csv.ts';
import type { PublishedRange } from './published-range.ts';

export const RANGE_FORMATS = ['parquet', 'csv', 'csv.gz'] as const;
export type RangeFormat = (typeof RANGE_FORMATS)[number];

/** Of exports that were not asked for others. */
const DEFAULT_FORMATS: readonly RangeFormat[] = ['parquet', 'csv'];

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
  /** Columns that order rows totally. @default the table's key */
  readonly orderBy?: readonly string[];
}

/**
 * Writes `<table>.<format>` for each, and `<name>.json` with what they were made from. They replace files of these names together,
 * after the last of them is written and read back; equal input gives equal bytes.
 */
export async function writeRange(
  duck: Duck,
  name: string,
  { files: _files, table: _table, rowCount: _rowCount, ...range }: PublishedRange,
  queries: readonly RangeQuery[],
  outDir: string,
  formats: readonly RangeFormat[] = DEFAULT_FORMATS,
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
    for (const query of queries) {
      const written = await writeFormats(duck, query, partial, formats, metadata);
      const files = written.files.map((file) => ({ ...file, path: join(outDir, basename(file.path)) }));
      tables.push({ table: query.schema.name, rowCount: written.rowCount, files });
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
    for (const { path } of tables.flatMap(({ files }) => files))
      await rename(join(partial, basename(path)), path);
    await rename(join(partial, `${name}.json`), join(outDir, `${name}.json`));
    return result;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function writeFormats(
  duck: Duck,
  { schema, query, orderBy = schema.key }: RangeQuery,
  dir: string,
  formats: readonly RangeFormat[],
  metadata: Readonly<Record<string, string>>,
): Promise<{ readonly rowCount: number; readonly files: readonly RangeFile[] }> {
  const pathOf = (format: RangeFormat) => join(dir, `${schema.name}.${format}`);
  const files = new Map<RangeFormat, RangeFile>();
  let rowCount = 0;
  if (formats.includes('parquet')) {
    const path = pathOf('parquet');
    const order = orderBy.map((name) => `${sqlName(name)} ASC NULLS FIRST`);
    const written = await writeParquet(duck, { query, orderBy: order, path, metadata });
    await readBackParquet(path, expectedValues(duck, { query }, schema));
    files.set('parquet', fileOf(written));
    rowCount = written.rowCount;
  }
  if (formats.includes('csv') || formats.includes('csv.gz')) {
    const written = await writeCsv(duck, schema, { query, orderBy, path: pathOf('csv') });
    files.set('csv', fileOf(written));
    rowCount = written.rowCount;
  }
  if (formats.includes('csv.gz')) files.set('csv.gz', await gzipFile(pathOf('csv'), pathOf('csv.gz')));
  return {
    rowCount,
    files: RANGE_FORMATS.filter((format) => formats.includes(format)).map((format) => files.get(format)!),
  };
}

function fileOf({ path, size, sha256 }: RangeFile): RangeFile {
  return { path, size, sha256 };
}
