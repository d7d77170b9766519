/**
 * One pass over each table for all that its rows have to tell, and one over each file for its key. Keys need no hash table:
 * rows come in the order of their key, so equal ones are neighbours, and a look at the row before is enough.
 */
import { type Duck, sqlName, sqlPaths } from '../../lake/duckdb.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import type { Check } from './declare.ts';

export interface ScannedTable {
  readonly schema: TableSchema;
  /** Local paths of its files, in the order of buckets. */
  readonly paths: readonly string[];
}

/** Value of an aggregate, by table and SQL; NULL counts as 0. */
export type Aggregates = (table: string, sql: string) => number;

export const REPEATED = 'rows with the key of the row before';
export const UNSORTED = 'rows before the row before';

/** Passes side by side: that for the key is a single thread's work, so each file has one of its own. */
export async function scanTables(
  duck: Duck,
  tables: readonly ScannedTable[],
  checks: readonly Check[],
): Promise<Aggregates> {
  const values = new Map<string, number>();
  const passes = tables.flatMap((table) => passesOf(table, checks));
  const run = async (connection: Duck) => {
    for (let pass = passes.shift(); pass !== undefined; pass = passes.shift()) {
      const columns = pass.wanted.map(({ sql }, index) => `(${sql})::DOUBLE AS value_${index}`);
      const [row] = await connection.rows<Record<string, number | null>>(
        `SELECT ${columns.join(', ')} FROM ${pass.from}`,
      );
      for (const [index, { name }] of pass.wanted.entries()) {
        const key = `${pass.table} ${name}`;
        values.set(key, (values.get(key) ?? 0) + (row?.[`value_${index}`] ?? 0));
      }
    }
  };
  const atOnce = Math.min(PASSES_AT_ONCE, passes.length);
  await Promise.all(Array.from({ length: atOnce }, () => duck.connect().then(run)));
  return (table, sql) => values.get(`${table} ${sql}`) ?? 0;
}

const PASSES_AT_ONCE = 4;

/** A query of a table. Of the passes of one table the values of one name are added up. */
interface Pass {
  readonly table: string;
  readonly from: string;
  readonly wanted: readonly Aggregate[];
}

function passesOf({ schema, paths }: ScannedTable, checks: readonly Check[]): Pass[] {
  const table = schema.name;
  const wanted = aggregatesOf(schema, checks);
  const passes: Pass[] =
    wanted.length === 0 || paths.length === 0 ? [] : [{ table, from: files(paths), wanted }];
  const isKeyAsked = checks.some(
    (check) => check.table === table && check.measure.by === 'scan' && check.measure.what === 'key',
  );
  if (!isKeyAsked) return passes;
  const ofKey = [
    { name: REPEATED, sql: `count(*) FILTER (${isRepeated(schema)})` },
    { name: UNSORTED, sql: `count(*) FILTER (${isUnsorted(schema)})` },
  ];
  return [...passes, ...paths.map((path) => ({ table, from: keysOf(schema, path), wanted: ofKey }))];
}

/**
 * How many rows have no counterpart, by check. NULL has none. Rows of equal columns mostly stand together, and only the
 * first of them is looked up.
 */
export async function countMissing(
  duck: Duck,
  tables: ReadonlyMap<string, ScannedTable>,
  checks: readonly Check[],
): Promise<(check: Check) => number> {
  const counts = new Map<Check, number>();
  const joins = checks.map(async (check) => {
    if (check.measure.by !== 'join') return;
    const names = check.measure.columns.map(sqlName);
    const previous = names.map((name, index) => `lag(${name}) OVER () AS previous_${index}`);
    const isFirst = names.map((name, index) => `${name} IS DISTINCT FROM previous_${index}`);
    const [from, to] = [check.table, check.measure.to].map((table) => files(tables.get(table)!.paths));
    const connection = await duck.connect();
    const [row] = await connection.rows<{ count: number }>(
      `SELECT count(*)::DOUBLE AS count FROM (
         SELECT ${names.join(', ')} FROM (SELECT ${[...names, ...previous].join(', ')} FROM ${from})
         WHERE ${isFirst.join(' OR ')}
       ) ANTI JOIN ${to} USING (${names.join(', ')})`,
    );
    counts.set(check, row!.count);
  });
  await Promise.all(joins);
  return (check) => counts.get(check) ?? 0;
}

interface Aggregate {
  readonly name: string;
  readonly sql: string;
}

/** Each once, whoever asks for it: its own checks, or those of a table that must agree with it. */
function aggregatesOf(schema: TableSchema, checks: readonly Check[]): Aggregate[] {
  const found = new Map<string, string>();
  for (const { table, measure } of checks) {
    const isOwn = table === schema.name;
    if (measure.by === 'history' && isOwn && typeof measure.of === 'string')
      found.set(measure.of, measure.of);
    if (measure.by !== 'scan') continue;
    if (measure.what === 'sum') {
      if (isOwn) found.set(measure.sql, measure.sql);
      if (measure.of.table === schema.name) found.set(measure.of.sql, measure.of.sql);
    } else if (isOwn && measure.what === 'rows') {
      found.set(measure.sql, `count(*) FILTER ((${measure.sql}) IS NOT TRUE)`);
    }
  }
  // Rows are counted in the footers already.
  found.delete('count(*)');
  return [...found].map(([name, sql]) => ({ name, sql }));
}

function keysOf(schema: TableSchema, path: string): string {
  const keys = keyColumns(schema).flatMap(({ own, before }) => [own, `lag(${own}) OVER () AS ${before}`]);
  return `(SELECT ${keys.join(', ')} FROM ${files([path])})`;
}

/** The day is the same in all rows of a partition, which the footers tell. */
function keyColumns({ key, columns }: TableSchema) {
  return key
    .filter((name) => name !== 'day')
    .map((name) => ({
      own: sqlName(name),
      before: sqlName(`previous ${name}`),
      isNullable: columns.find((column) => column.name === name)?.nullable === true,
    }));
}

function isRepeated(schema: TableSchema): string {
  return keyColumns(schema)
    .map(({ own, before, isNullable }) => `${own} ${isNullable ? 'IS NOT DISTINCT FROM' : '='} ${before}`)
    .join(' AND ');
}

/** In the order of keys, NULL first. */
function isUnsorted(schema: TableSchema): string {
  return keyColumns(schema).reduceRight((rest, { own, before, isNullable }) => {
    const isLess = isNullable
      ? `(${own} < ${before} OR (${own} IS NULL AND ${before} IS NOT NULL))`
      : `${own} < ${before}`;
    const isEqual = isNullable ? `${own} IS NOT DISTINCT FROM ${before}` : `${own} = ${before}`;
    return rest === '' ? isLess : `(${isLess} OR (${isEqual} AND ${rest}))`;
  }, '');
}

const files = (paths: readonly string[]): string =>
  `read_parquet(${sqlPaths(paths)}, hive_partitioning = false)`;
