/**
 * Which days of which tables a statement can need. DuckDB's own planner says so: it plans the statement over tables whose
 * partitions are empty stand-ins, and its plan names the partitions that each scan keeps.
 */
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Duck, openDuck, sqlName, sqlPaths, sqlString, writeParquet } from '../duckdb.ts';
import type { Day } from '../lake-keys.ts';
import { DUCK_TYPE } from '../partition-rows.ts';
import type { TableSchema } from '../table-schema.ts';
import { lockDown } from './sandbox.ts';
import { refused } from './sql-errors.ts';
import { requireQuery } from './statement.ts';

export interface PlannedTable {
  readonly schema: TableSchema;
  readonly namespace: string;
  /** Those with data files. */
  readonly days: readonly Day[];
}

/** By index of the table. A table that no scan reads needs none. Throws what DuckDB says of a statement it cannot plan. */
export async function neededDays(
  query: string,
  tables: readonly PlannedTable[],
  scratchDir: string,
): Promise<ReadonlySet<Day>[]> {
  const dir = join(scratchDir, 'plan');
  const duck = await openDuck({ memoryLimitBytes: 256 * 2 ** 20, threads: 1, tempDir: scratchDir });
  try {
    await plainPlans(duck);
    for (const [index, table] of tables.entries()) await standIn(duck, table, index, dir);
    await lockDown(duck, { directories: [dir] });
    await requireQuery(duck.connection, query);
    const [plan] = await duck.rows<{ explain_value: string }>(`EXPLAIN (FORMAT JSON) ${query}`);
    const nodes = z.array(planNode).parse(JSON.parse(plan!.explain_value));
    requireHarmless(nodes);
    const scans = scansOf(nodes);
    const needed = tables.map(() => new Set<Day>());
    for (const scan of scans) {
      const index = Number(/\bday_(\d+)\b/.exec(scan.filters)?.[1] ?? -1);
      // A scan that cannot be told apart might read anything.
      const read = index < 0 ? tables.keys() : [index];
      for (const at of read) {
        for (const day of await daysOfScan(duck, scan, tables[at]!.days, at)) needed[at]!.add(day);
      }
    }
    return needed;
  } finally {
    await duck.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Steps of the planner that bring a condition to the scan it is about. Others would conclude from stand-ins that there are no rows. */
const PUSHING = [
  ...['expression_rewriter', 'filter_pullup', 'filter_pushdown', 'cte_filter_pusher', 'cte_inlining'],
  ...['in_clause', 'regex_range', 'deliminator'],
];

async function plainPlans(duck: Duck): Promise<void> {
  const known = await duck.rows<{ name: string }>('SELECT name FROM duckdb_optimizers()');
  const others = known.map(({ name }) => name).filter((name) => !PUSHING.includes(name));
  await duck.run(`SET disabled_optimizers = ${sqlString(others.join(','))}`);
}

/** A view over one empty file per day, under a name of `day` that no other table has. */
async function standIn(duck: Duck, table: PlannedTable, index: number, dir: string): Promise<void> {
  const { schema, namespace, days } = table;
  const others = schema.columns.filter(({ name }) => name !== 'day');
  const nulls = others.map(({ name, type }) => `NULL::${DUCK_TYPE[type]} AS ${sqlName(name)}`);
  const view = `${sqlName(namespace)}.${sqlName(schema.name)}`;
  const names = schema.columns.map(({ name }) => sqlName(name)).join(', ');
  await duck.run(`CREATE SCHEMA IF NOT EXISTS ${sqlName(namespace)}`);
  if (days.length === 0) {
    await duck.run(
      `CREATE VIEW ${view} AS SELECT ${names} FROM (SELECT NULL::DATE AS day, ${nulls.join(', ')}) WHERE false`,
    );
    return;
  }
  const empty = join(dir, `empty-${index}`);
  await mkdir(empty, { recursive: true });
  const query = `SELECT ${nulls.join(', ')} WHERE false`;
  await writeParquet(duck, { query, path: join(empty, '0.parquet') });
  const root = join(dir, String(index));
  await mkdir(root);
  await Promise.all(days.map((day) => symlink(empty, join(root, `day_${index}=${day}`))));
  const paths = days.map((day) => join(root, `day_${index}=${day}`, '0.parquet'));
  // The condition holds always; it has every scan name its table.
  await duck.run(
    `CREATE VIEW ${view} AS SELECT ${names} FROM (SELECT day_${index} AS day, * EXCLUDE (day_${index})
     FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = true, hive_types = {day_${index}: DATE})
     WHERE day_${index} >= DATE '0001-01-01')`,
  );
}

interface PlanNode {
  readonly name: string;
  readonly extra_info?: Readonly<Record<string, unknown>> | undefined;
  readonly children?: readonly PlanNode[] | undefined;
}

const planNode: z.ZodType<PlanNode> = z.object({
  name: z.string(),
  extra_info: z.record(z.string(), z.unknown()).optional(),
  children: z.lazy(() => z.array(planNode)).optional(),
});

/** Table functions that only read. Others switch logging, profiling or checkpoints, some in ways that end the process. */
const HARMLESS =
  /^(?:READ_PARQUET|PARQUET_\w+|RANGE|GENERATE_SERIES|UNNEST|REPEAT|REPEAT_ROW|SUMMARY|JSON_EACH|JSON_TREE|(?:DUCKDB|PRAGMA|PG|ICU)_\w+)$/;

function requireHarmless(nodes: readonly PlanNode[]): void {
  for (const { extra_info: info = {}, children = [] } of nodes) {
    const called = info.Function;
    if (typeof called === 'string' && !HARMLESS.test(called)) {
      throw refused(`it calls ${called.toLowerCase()}`);
    }
    requireHarmless(children);
  }
}

interface Scan {
  /** SQL over `day_<index>`. */
  readonly filters: string;
  /** How many partitions they keep. */
  readonly count: number;
}

function scansOf(nodes: readonly PlanNode[]): Scan[] {
  return nodes.flatMap(({ name, extra_info: info = {}, children = [] }) => {
    const below = scansOf(children);
    if (!name.startsWith('READ_PARQUET')) return below;
    const filters = [info['File Filters'] ?? ''].flat().join(' AND ');
    return [{ filters, count: Number.parseInt(String(info['Scanning Files']), 10) }, ...below];
  });
}

/** All days, unless the conditions keep exactly as many of them as the plan does: a plan's words are no contract. */
async function daysOfScan(
  duck: Duck,
  { filters, count }: Scan,
  days: readonly Day[],
  index: number,
): Promise<readonly Day[]> {
  if (filters === '') return days;
  const list = days.map((day) => `DATE ${sqlString(day)}`).join(', ');
  try {
    const kept = await duck.rows<{ day: string }>(
      `SELECT day_${index}::VARCHAR AS day FROM (SELECT unnest([${list}]::DATE[]) AS day_${index}) WHERE ${filters}`,
    );
    return kept.length === count ? kept.map(({ day }) => day) : days;
  } catch {
    return days;
  }
}
