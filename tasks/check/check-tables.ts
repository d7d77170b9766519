/** Agreement between tables: views add up to facts, facts to users; keys are unique; values lie in their range. */
import { type Duck, sqlPaths } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { DayTablesRef } from '../refs.ts';
import { TABLES } from '../tables.ts';
import type { CheckResult } from './check-result.ts';

/** Tables whose sums of views and dwell must be equal: each is an aggregate of the one before. */
const SUMMED = ['flyer_views', 'user_flyer_day', 'user_day'] as const;

export async function checkTables(
  duck: Duck,
  store: ObjectStore,
  day: Pick<DayTablesRef, 'tables'>,
  scratchDir: string,
): Promise<CheckResult[]> {
  const paths = new Map<string, string[]>();
  for (const [table, files] of Object.entries(day.tables)) {
    paths.set(table, await Promise.all(files.map((file) => store.fetchFile(file.key, scratchDir))));
  }
  const from = (table: string) => `read_parquet(${sqlPaths(paths.get(table) ?? [])})`;
  return [
    await checkSums(duck, from),
    ...(await Promise.all(
      ['user_day', 'merchant_metrics', 'flyer_day']
        .filter((table) => paths.get(table)?.length)
        .map((table) => checkKey(duck, table, from)),
    )),
  ];
}

async function checkSums(duck: Duck, from: (table: string) => string): Promise<CheckResult> {
  const views = (table: string) => (table === 'flyer_views' ? 'count(*)' : 'coalesce(sum(views), 0)');
  // Dwell is summed in whole milliseconds: a sum of doubles depends on its order.
  const rows = await duck.rows<{ name: string; views: number; dwell_ms: number }>(
    SUMMED.map(
      (table) => `SELECT '${table}' AS name, ${views(table)}::BIGINT::DOUBLE AS views,
         coalesce(sum(round(dwell_s * 1000)::BIGINT), 0)::BIGINT::DOUBLE AS dwell_ms FROM ${from(table)}`,
    ).join(' UNION ALL '),
  );
  const said = (row: (typeof rows)[number]) => `${row.name} ${row.views} views, ${row.dwell_ms / 1000} s`;
  return {
    name: 'views and dwell add up',
    ok: rows.every((row) => row.views === rows[0]?.views && row.dwell_ms === rows[0]?.dwell_ms),
    detail: rows.map(said).sort().join('; '),
  };
}

async function checkKey(duck: Duck, table: string, from: (table: string) => string): Promise<CheckResult> {
  const key = TABLES[table]?.key.join(', ') ?? '';
  const [row] = await duck.rows<{ repeated: number; keyless: number }>(
    `SELECT coalesce(sum(n) - count(*), 0)::BIGINT::DOUBLE AS repeated FROM (SELECT count(*) AS n FROM ${from(table)} GROUP BY ${key})`,
  );
  const repeated = row?.repeated ?? 0;
  return {
    name: `${table} has one row per ${key}`,
    ok: repeated === 0,
    detail: `${repeated} rows repeat a key`,
  };
}
