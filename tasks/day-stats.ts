/** A day in four figures, whatever the table: what people want to hear when it is published again. */
import { type Duck, sqlPaths } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import type { DayTablesRef } from './refs.ts';
import { USER_DAY } from './tables.ts';

/** From user_day, which has a row per user. Suspects are counted: it is what is published that has changed. */
const TOTALS = `count(*)::DOUBLE AS users, coalesce(sum(views), 0)::DOUBLE AS views,
  coalesce(sum(round(dwell_s * 1000)::BIGINT), 0)::DOUBLE / 1000 AS dwell_s`;

/** events_kept, users, views, dwell_s. */
export async function dayStats(
  duck: Duck,
  store: ObjectStore,
  { dq, tables }: Pick<DayTablesRef, 'dq' | 'tables'>,
  scratchDir: string,
): Promise<Record<string, number>> {
  const files = tables[USER_DAY.name] ?? [];
  const events = { events_kept: dq.events_kept ?? 0 };
  if (files.length === 0) return { ...events, users: 0, views: 0, dwell_s: 0 };
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
  const [totals] = await duck.rows<Record<string, number>>(
    `SELECT ${TOTALS} FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = false)`,
  );
  return { ...events, ...totals };
}
