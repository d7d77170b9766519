/** Statistics of a data file for the table log, read from the file's own footer. */
import type { ColumnMetaData, FileMetaData } from 'hyparquet';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import type { DataFile } from './data-file.ts';
import type { ObjectStore } from './object-store.ts';
import { readFooter } from './parquet-footer.ts';
import { columnsOfFile } from './parquet-schema.ts';
import type { ColumnSchema, TableSchema } from './table-schema.ts';

/** Delta readers expect short bounds for texts; a long one is left out, which only costs pruning. */
const TEXT_BOUND_MAX = 64;

/**
 * Delta's `stats` JSON: rows, and bounds and nulls per column. Reading the footer from the store also proves, before the
 * commit, that the upload is whole. Throws FL_SCHEMA_MISMATCH when rows or columns are not those declared.
 */
export async function statsOfFile(store: ObjectStore, schema: TableSchema, file: DataFile): Promise<string> {
  const footer = await footerOf(store, file);
  if (Number(footer.num_rows) !== file.rowCount) {
    throw mismatch(schema, file, `has ${footer.num_rows} rows instead of ${file.rowCount}`);
  }
  const found = columnsOfFile(footer).map(({ text }) => text);
  const declared = schema.columns.map(({ name, type }) => `${name} ${type}`);
  if (found.join() !== declared.join()) {
    throw mismatch(schema, file, `has the columns (${found.join(', ')}) instead of (${declared.join(', ')})`);
  }
  const minValues: Record<string, unknown> = {};
  const maxValues: Record<string, unknown> = {};
  const nullCount: Record<string, number> = {};
  for (const [index, column] of schema.columns.entries()) {
    const chunks = footer.row_groups.map((group) => group.columns[index]!.meta_data!);
    const nulls = chunks.map((chunk) => chunk.statistics?.null_count);
    if (nulls.every((count) => count !== undefined)) {
      nullCount[column.name] = nulls.reduce((sum, count) => sum + Number(count), 0);
    }
    const bounds = boundsOf(column, chunks);
    if (bounds !== undefined) {
      minValues[column.name] = bounds.min;
      maxValues[column.name] = bounds.max;
    }
  }
  return JSON.stringify({ numRecords: file.rowCount, minValues, maxValues, nullCount });
}

async function footerOf(store: ObjectStore, file: DataFile): Promise<FileMetaData> {
  try {
    return await readFooter(store, file.key, file.size);
  } catch (cause) {
    if (isFlyerlineError(cause)) throw cause;
    throw new FlyerlineError('FL_SCHEMA_MISMATCH', {
      subject: `Data file "${file.key}"`,
      reason: 'has no readable Parquet footer',
      remedy: 'run the task that wrote it again',
      cause,
    });
  }
}

/** Undefined when a row group does not tell its bounds, or when all values are NULL. */
function boundsOf(
  column: ColumnSchema,
  chunks: readonly ColumnMetaData[],
): { readonly min: string | number; readonly max: string | number } | undefined {
  if (column.type === 'boolean') return undefined;
  let bounds: { min: string | number; max: string | number } | undefined;
  for (const { statistics, num_values } of chunks) {
    if (statistics?.null_count === num_values) continue;
    const min = boundValue(column, statistics?.min_value ?? statistics?.min);
    const max = boundValue(column, statistics?.max_value ?? statistics?.max);
    const isExact = statistics?.is_min_value_exact !== false && statistics?.is_max_value_exact !== false;
    if (min === undefined || max === undefined || !isExact) return undefined;
    bounds = {
      min: bounds === undefined || min < bounds.min ? min : bounds.min,
      max: bounds === undefined || max > bounds.max ? max : bounds.max,
    };
  }
  return bounds;
}

function boundValue(column: ColumnSchema, value: unknown): string | number | undefined {
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'string' && column.type === 'string') {
    return value.length <= TEXT_BOUND_MAX && /^[\x20-\x7e]*$/.test(value) ? value : undefined;
  }
  return undefined;
}

function mismatch(schema: TableSchema, file: DataFile, reason: string): FlyerlineError {
  return new FlyerlineError('FL_SCHEMA_MISMATCH', {
    subject: `Data file "${file.key}" of table "${schema.name}"`,
    reason,
    remedy: 'run the task that wrote it again; if it fails again, correct the table declaration or its query',
  });
}
