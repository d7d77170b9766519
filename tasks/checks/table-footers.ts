/** What the footers of a table's files say: columns, rows, NULLs and bounds. Nothing of the data is read. */
import { isFlyerlineError } from '../../infra/errors.ts';
import type { DataFile } from '../../lake/data-file.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { statsOfFile } from '../../lake/parquet-stats.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import type { Check, Observation } from './declare.ts';

export interface TableFooters {
  readonly rowCount: number;
  readonly nullCount: Readonly<Record<string, number>>;
  /** Of columns with a value; without bounds where a file does not tell them, as for values that are no numbers. */
  readonly bounds: Readonly<Record<string, { readonly min: number | string; readonly max: number | string }>>;
}

interface FileStats {
  readonly numRecords: number;
  readonly minValues: Readonly<Record<string, number | string>>;
  readonly maxValues: Readonly<Record<string, number | string>>;
  readonly nullCount: Readonly<Record<string, number>>;
}

/** A text says in words what is wrong with rows or columns of a file. */
export async function readTableFooters(
  store: ObjectStore,
  schema: TableSchema,
  files: readonly DataFile[],
): Promise<TableFooters | string> {
  try {
    const texts = await Promise.all(files.map((file) => statsOfFile(store, schema, file)));
    return merged(texts.map((text) => JSON.parse(text) as FileStats));
  } catch (error) {
    if (isFlyerlineError(error, 'FL_SCHEMA_MISMATCH')) return `${error.subject} ${error.reason}`;
    throw error;
  }
}

export function columnsAsDeclared(
  schema: TableSchema,
  day: string,
  footers: TableFooters | string,
): Observation {
  const expected = 'as declared';
  if (typeof footers === 'string') return { observed: null, isGood: false, expected, detail: footers };
  const { bounds, nullCount, rowCount } = footers;
  const faults = schema.columns
    .filter(({ name, nullable }) => nullable !== true && (nullCount[name] ?? 0) > 0)
    .map(({ name }) => `${name} is NULL in ${nullCount[name]} rows`);
  const { min = day, max = day } = bounds.day ?? {};
  if (min !== day || max !== day) faults.push(`day is from ${min} to ${max}, not ${day}`);
  return {
    observed: faults.length,
    isGood: faults.length === 0,
    expected,
    detail: faults.length > 0 ? faults.join('; ') : `${schema.columns.length} columns, ${rowCount} rows`,
  };
}

export function valuesInRange(
  { measure }: Check,
  { bounds, nullCount, rowCount }: TableFooters,
  maxOf: (name: 'max_view_s') => number,
): Observation | undefined {
  if (measure.by !== 'footer' || measure.what !== 'range') return undefined;
  const { column, min } = measure;
  const max = typeof measure.max === 'number' ? measure.max : maxOf(measure.max);
  const expected = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
  if (rowCount === (nullCount[column] ?? 0)) {
    return { observed: null, isGood: true, expected, detail: `${column} has no value` };
  }
  const found = bounds[column];
  if (found === undefined) {
    return { observed: null, isGood: false, expected, detail: `${column} has values that are no numbers` };
  }
  const [low, high] = [Number(found.min), Number(found.max)];
  return {
    observed: low < min ? low : high,
    isGood: low >= min && high <= max,
    expected,
    detail: `${column} is from ${low} to ${high}`,
  };
}

export function fewNulls(
  { measure, limit = 0 }: Check,
  { nullCount, rowCount }: TableFooters,
): Observation | undefined {
  if (measure.by !== 'footer' || measure.what !== 'nulls') return undefined;
  const nulls = nullCount[measure.column] ?? 0;
  const share = rowCount === 0 ? 0 : nulls / rowCount;
  return {
    observed: share,
    isGood: share <= limit,
    expected: `at most ${limit * 100} %`,
    detail: `${measure.column} is NULL in ${nulls} of ${rowCount} rows (${(share * 100).toFixed(2)} %)`,
  };
}

function merged(files: readonly FileStats[]): TableFooters {
  const nullCount: Record<string, number> = {};
  const bounds: Record<string, { min: number | string; max: number | string }> = {};
  const unbounded = new Set<string>();
  let rowCount = 0;
  for (const file of files) {
    rowCount += file.numRecords;
    for (const [column, nulls] of Object.entries(file.nullCount)) {
      nullCount[column] = (nullCount[column] ?? 0) + nulls;
      const [min, max] = [file.minValues[column], file.maxValues[column]];
      if (min === undefined || max === undefined) {
        if (nulls < file.numRecords) unbounded.add(column);
        continue;
      }
      const known = bounds[column];
      bounds[column] = {
        min: known === undefined || min < known.min ? min : known.min,
        max: known === undefined || max > known.max ? max : known.max,
      };
    }
  }
  for (const column of unbounded) delete bounds[column];
  return { rowCount, nullCount, bounds };
}
