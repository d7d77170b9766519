/** Each kind of check finds what it is for: tables of a day, spoiled one way at a time, as no run would leave them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataFile } from '../../lake/data-file.ts';
import { type Duck, openDuck, sqlPaths, writeParquet } from '../../lake/duckdb.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import type { DayFacts } from '../../tasks/checks/day-facts.ts';
import { type Check, checksOf, everyRow, inRange, notNull, usual, warn } from '../../tasks/checks/declare.ts';
import { CHECKS } from '../../tasks/checks/declared-checks.ts';
import { observe } from '../../tasks/checks/observe.ts';
import { dayParamsSchema } from '../../tasks/day-params.ts';
import { PUBLISHED_TABLES, USER_DAY } from '../../tasks/tables.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();
const DAY = '2018-10-01';
/** What becomes of the rows `t` of a table; keeps their order. */
type Spoil = string;

let lake: NightlyLake;
let duck: Duck;
const tables: Record<string, readonly DataFile[]> = {};

beforeAll(async () => {
  lake = await openNightlyLake(dir.path);
  const opens = Array.from({ length: 24 }, (_, index) => ({
    timestamp: `${DAY}T10:${10 + index}:00-04:00`,
    user: `u${Math.floor(index / 3)}`,
    event: index % 3 === 2 ? 'flyer_close' : 'flyer_open',
    flyer: `f${index % 2}`,
    merchant: 'm1',
  }));
  lake.drop('a.csv', [...opens, { timestamp: 'never', user: 'u', event: 'flyer_open' }]);
  await lake.run(DAY, { k_min_users: 1 });
  for (const { name } of PUBLISHED_TABLES) {
    tables[name] = (await readHeadManifest(lake.lake, name, DAY))!.files;
  }
  duck = await openDuck({ memoryLimitBytes: 256 << 20, threads: 2, tempDir: dir.path });
}, 60_000);
afterAll(async () => {
  await duck.close();
  await lake.close();
});

/** Names of the checks that fail when one table is replaced by what the query makes of it. */
async function failures(
  table?: string,
  query: Spoil = 'FROM t',
  checks: readonly Check[] = CHECKS.filter(({ measure }) => measure.by !== 'day' && measure.by !== 'history'),
): Promise<string[]> {
  const spoiled = table === undefined ? tables : { ...tables, [table]: [await spoil(table, query)] };
  const facts = {
    day: DAY,
    params: dayParamsSchema.parse({}),
    rowsOf: (name: string) => spoiled[name]!.reduce((sum, { rowCount }) => sum + rowCount, 0),
  } as unknown as DayFacts;
  const options = {
    duck,
    store: lake.lake,
    tables: spoiled,
    facts,
    history: new Map(),
    scratchDir: dir.path,
  };
  const found = await observe(checks, options);
  return [...found].filter(([, { isGood }]) => !isGood).map(([name]) => name);
}

async function spoil(table: string, query: Spoil): Promise<DataFile> {
  const paths = await Promise.all(tables[table]!.map(({ key }) => lake.lake.fetchFile(key, dir.path)));
  await duck.run(
    `CREATE OR REPLACE TEMP VIEW t AS FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = false)`,
  );
  const path = `${dir.fresh()}/spoiled.parquet`;
  const { rowCount, size, sha256 } = await writeParquet(duck, { query, path });
  const key = `scratch/${sha256}.parquet`;
  await lake.lake.putFile(key, path);
  return { key, rowCount, size, sha256 };
}

it('passes what a run has made', async () => {
  expect(await failures()).toEqual([]);
});

describe('a spoiled table fails the check that is about it:', () => {
  it.each<[string, string, Spoil, string[]]>([
    [
      'a row twice',
      'clean_events',
      'SELECT unnest([t, t], recursive := true) FROM t',
      ['clean_events.unique_key'],
    ],
    [
      'rows in another order',
      'clean_events',
      'FROM t ORDER BY user_id DESC, event_no',
      ['clean_events.unique_key'],
    ],
    [
      'a NULL merchant twice',
      'user_flyer_day',
      "SELECT * REPLACE (NULL::VARCHAR AS merchant_id, 'f' AS flyer_id) FROM t",
      ['user_flyer_day.unique_key'],
    ],
    [
      'a NULL where none may be',
      'user_day',
      'SELECT * REPLACE (NULL::INTEGER AS suspect) FROM t',
      ['user_day.columns'],
    ],
    ['another day', 'flyer_day', "SELECT * REPLACE (DATE '2018-10-02' AS day) FROM t", ['flyer_day.columns']],
    [
      'a value below its range',
      'flyer_views',
      'SELECT * REPLACE (-observed_s - 1 AS observed_s) FROM t',
      ['flyer_views.observed_s_range'],
    ],
    [
      'a value that is no number',
      'flyer_views',
      "SELECT * REPLACE ('NaN'::DOUBLE AS observed_s) FROM t",
      ['flyer_views.observed_s_range'],
    ],
    [
      'more dwell than the cap',
      'flyer_views',
      'SELECT * REPLACE (dwell_s + 7200 AS dwell_s) FROM t',
      ['flyer_views.dwell_s_range', 'user_flyer_day.dwell_adds_up'],
    ],
    [
      'an unknown word',
      'flyer_views',
      "SELECT * REPLACE ('bored' AS end_reason) FROM t",
      ['flyer_views.end_reason_known'],
    ],
    [
      'a broken rule between columns',
      'flyer_views',
      'SELECT * REPLACE (0 AS measured) FROM t',
      ['flyer_views.measured_has_dwell'],
    ],
    [
      'many NULLs',
      'flyer_views',
      'SELECT * REPLACE (NULL::VARCHAR AS merchant_id) FROM t',
      ['flyer_views.merchant_id_nulls'],
    ],
    [
      'a sum that differs',
      'user_day',
      'SELECT * REPLACE (views + 1 AS views) FROM t',
      ['user_day.views_add_up'],
    ],
    [
      'a millisecond more',
      'user_day',
      'SELECT * REPLACE (dwell_s + 0.001 AS dwell_s) FROM t',
      ['user_day.dwell_adds_up'],
    ],
    [
      'a user without a row',
      'user_day',
      "FROM t WHERE user_id <> 'u3'",
      [
        'user_flyer_day.refers_to_user_day',
        'user_day.views_add_up',
        'user_day.flyers_add_up',
        'user_day.dwell_adds_up',
      ],
    ],
    [
      'a merchant that is not there',
      'flyer_day',
      "SELECT * REPLACE ('m9' AS merchant_id) FROM t",
      ['flyer_day.refers_to_merchant_metrics'],
    ],
    [
      'a suppressed row that tells',
      'merchant_metrics',
      'SELECT * REPLACE (1 AS suppressed) FROM t',
      ['merchant_metrics.suppressed_is_blank'],
    ],
  ])('%s', async (_, table, query, expected) => {
    expect(await failures(table, query)).toEqual(expected);
  });

  it('but not a day of several buckets, whose users begin anew in each file', async () => {
    const whole = tables.clean_events!;
    try {
      tables.clean_events = [
        await spoil('clean_events', "FROM t WHERE user_id >= 'u4'"),
        await spoil('clean_events', "FROM t WHERE user_id < 'u4'"),
      ];
      expect(await failures()).toEqual([]);
    } finally {
      tables.clean_events = whole;
    }
  });

  it('a column too many, and nothing else can be asked of it or of what must agree with it', async () => {
    expect(await failures('user_day', 'SELECT *, 1 AS extra FROM t')).toEqual(['user_day.columns']);
  });
});

describe('checks of one’s own, declared in a line each', () => {
  const own = checksOf(
    USER_DAY,
    inRange('item_opens', 0, 10_000),
    notNull('dwell_s'),
    everyRow('opens_have_views', 'item_opens = 0 OR views > 0', 'items are opened in views only'),
    everyRow('mostly_measured', 'measured_views = views', 'few views are not measured', 0.5),
    warn(usual('item_opens', 'sum(item_opens)', 'as many items opened')),
  );

  it('pass', async () => {
    expect(await failures(undefined, undefined, own)).toEqual([]);
  });

  it.each<[string, Spoil, string[]]>([
    ['a range', 'SELECT * REPLACE (10001 AS item_opens) FROM t', ['user_day.item_opens_range']],
    ['NULL', 'SELECT * REPLACE (NULL::DOUBLE AS dwell_s) FROM t', ['user_day.dwell_s_nulls']],
    [
      'every row',
      'SELECT * REPLACE (1 AS item_opens, 0 AS views) FROM t',
      ['user_day.opens_have_views', 'user_day.mostly_measured'],
    ],
    [
      'half of the rows',
      "SELECT * REPLACE (if(user_id < 'u4', measured_views, 0) AS measured_views) FROM t",
      [],
    ],
    [
      'more than half',
      "SELECT * REPLACE (if(user_id < 'u3', measured_views, 0) AS measured_views) FROM t",
      ['user_day.mostly_measured'],
    ],
  ])('find %s', async (_, query, expected) => {
    expect(await failures('user_day', query, own)).toEqual(expected);
  });
});
