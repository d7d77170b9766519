/** Users over a range of days: the table `user`, made on demand from the published facts. */
import { type Duck, sqlPaths, type WrittenFile, writeParquet } from '../lake/duckdb.ts';
import { keyOrder, writeCsv } from '../lake/write-csv.ts';
import type { MetricParams } from './metric-params.ts';
import { stampOf } from './put-table.ts';
import { sqlFile } from './sql-file.ts';
import { USER } from './tables.ts';

const sql = sqlFile(new URL('./user-range.sql', import.meta.url));

export interface UserRangeOptions {
  /** Data files of `user_flyer_day` of all days of the range, as local paths. */
  readonly userFlyerDayPaths: readonly string[];
  /** Inclusive, `YYYY-MM-DD`; written into the Parquet footer. */
  readonly from: string;
  readonly to: string;
  /** Of the days, when all agree; written into the Parquet footer. */
  readonly params?: MetricParams;
  readonly parquetPath: string;
  readonly csvPath: string;
}

/** Equal facts give equal bytes. Days without a data file have no users. */
export async function writeUserRange(
  duck: Duck,
  { userFlyerDayPaths, from, to, params, parquetPath, csvPath }: UserRangeOptions,
): Promise<{ readonly parquet: WrittenFile; readonly csv: WrittenFile }> {
  const facts =
    userFlyerDayPaths.length > 0
      ? `FROM read_parquet(${sqlPaths(userFlyerDayPaths)})`
      : `SELECT ''::VARCHAR AS user_id, DATE '1970-01-01' AS day, 0 AS views, 0 AS measured_views, 0 AS item_opens, 0::DOUBLE AS dwell_s, 0 AS suspect WHERE FALSE`;
  await duck.run(`CREATE OR REPLACE TEMP VIEW user_flyer_day AS ${facts}`);
  await duck.run(`CREATE OR REPLACE TEMP TABLE user_range AS ${sql('user')}`);
  const query = 'FROM user_range';
  const parquet = await writeParquet(duck, {
    query,
    orderBy: keyOrder(USER),
    path: parquetPath,
    metadata: { from, to, ...(params && stampOf(params)) },
  });
  const csv = await writeCsv(duck, USER, { query: 'SELECT * FROM user_range', path: csvPath });
  await duck.run('DROP TABLE user_range');
  return { parquet, csv };
}
