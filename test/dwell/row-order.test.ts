/** Tables of users are written without a sort: several threads must not change the order in which their rows were made. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Duck, KEEP_JOIN_ORDER, openDuck, sqlPaths, writeParquet } from '../../lake/duckdb.ts';
import { END_REASONS } from '../../tasks/dwell/user-view.ts';
import { createWordTable } from '../../tasks/enums.ts';
import { EVENT_NAMES } from '../../tasks/events.ts';
import { setVariables, sqlFile } from '../../tasks/sql-file.ts';
import { useTempDir } from '../support/temp-dir.ts';

/** Three row groups of DuckDB: threads take them one by one. */
const ROWS = 350_000;
const ROUNDS = 5;

const sql = sqlFile(new URL('../../tasks/compute-dwell.sql', import.meta.url));
const dir = useTempDir();
let duck: Duck;

beforeAll(async () => {
  duck = await openDuck({ memoryLimitBytes: 512 * 2 ** 20, threads: 2 });
  await duck.run(KEEP_JOIN_ORDER);
  await setVariables(duck, { day: '2018-10-01', day_start_ms: 0 });
  await duck.run(`
    CREATE TEMP TABLE bucket_user AS
      SELECT i::INTEGER AS user_no, lpad(i::VARCHAR, 8, '0') AS user_id, FALSE AS is_suspect FROM range(${ROWS}) AS t(i);
    CREATE TEMP TABLE flyer AS SELECT 0 AS flyer_no, 0 AS merchant_no, 'f' AS flyer_id, 'm' AS merchant_id;
    CREATE TEMP TABLE view_row AS
      SELECT i::INTEGER AS user_no, 0 AS flyer_no, 1 AS view_no, 2::UTINYINT AS origin, 0 AS start_rel_ms, 1 AS n_events, 0 AS item_opens,
        0 AS reopens, 0::UTINYINT AS end_reason, 0 AS observed_ms, 1000 AS tail_ms, 1000 AS dwell_ms, 0 AS max_gap_ms, 0 AS capped
      FROM range(${ROWS}) AS t(i);
    CREATE TEMP TABLE flyer_row AS
      SELECT user_no, flyer_no, 1 AS views, 1 AS measured_views, 0 AS bounce_views, 0 AS item_opens, 0 AS first_open_rel_ms, 1000.0::DOUBLE AS dwell_ms
      FROM view_row;
    CREATE TEMP TABLE user_row AS
      SELECT user_no, 1 AS flyers, 1 AS measured_flyers, 1 AS views, 1 AS measured_views, 0 AS item_opens, dwell_ms, dwell_ms AS median_flyer_ms
      FROM flyer_row`);
  await createWordTable(duck, 'event_word', EVENT_NAMES);
  await createWordTable(duck, 'end_word', END_REASONS);
});
afterAll(() => duck.close());

it.each(['flyer_views', 'user_flyer_day', 'user_day'])('writes %s in the order of its key', async (table) => {
  const path = `${dir.path}/${table}.parquet`;
  const digests = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    digests.add((await writeParquet(duck, { query: sql(table), path })).sha256);
  }
  const [unsorted] = await duck.rows<{ count: number }>(
    `SELECT count(*)::INTEGER AS count FROM (SELECT user_id, lag(user_id) OVER () AS before FROM read_parquet(${sqlPaths([path])}))
     WHERE user_id <= before`,
  );
  expect(unsorted).toEqual({ count: 0 });
  expect(digests.size).toBe(1);
});
