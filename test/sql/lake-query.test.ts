/** Answers in SQL are those of the tables, with only the needed days read, now and back in time. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../lake/gc.ts';
import { openStore } from '../../lake/open-store.ts';
import { useSampleLake } from '../lake/sample-lake.ts';
import { sampleTable } from '../lake/sample-publish.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { askStore, useSqlLake } from './sql-lake.ts';

describe('a question to the lake', () => {
  const dir = useTempDir();
  const lake = useSqlLake(dir);

  /** The same over all files, by a session that knows nothing of days. */
  const overAll = (sql: string) =>
    lake.unlocked(
      sql.replaceAll(
        'user_day',
        `read_parquet('${lake.dir}/tables/user_day/*/*.parquet', hive_partitioning = false)`,
      ),
    );

  it.each([
    ["day = '2018-10-02'", 1],
    ["day = DATE '2018-10-02' AND dwell_s > 20", 1],
    ["day BETWEEN '2018-10-02' AND '2018-10-31'", 2],
    ["day IN ('2018-10-01', '2018-10-03')", 2],
    ["day <> '2018-10-01'", 2],
    ["day > DATE '2018-10-04' - INTERVAL 2 DAY", 1],
    ["strftime(day, '%d') = '03'", 1],
    ["day = '2018-10-01' OR (day = '2018-10-02' AND user_id = 'zoe')", 2],
    ["day = '2018-10-01' OR user_id = 'zoe'", 3],
    ["day = '2018-09-30'", 0],
    ["user_id = 'ada'", 3],
    ['day = (SELECT max(day) FROM user_day)', 3],
    ["NOT (day < '2018-10-03')", 1],
    ["day IS NULL OR day = '2018-10-01'", 1],
  ])('reads for %s the files of %i days, and answers as if it had read all', async (condition, files) => {
    const sql = `SELECT day::VARCHAR AS day, user_id, dwell_s FROM user_day WHERE ${condition} ORDER BY ALL`;
    const { rows, sources } = await lake.ask(sql);
    expect(sources).toEqual([{ table: 'user_day', version: 2, files, filesTotal: 3 }]);
    const all = (await overAll(sql)).map((row) => Object.values(row).map(String));
    expect(rows).toEqual(all);
  });

  it.each([
    ["WITH d AS (SELECT * FROM user_day) SELECT count(*) FROM d WHERE day = '2018-10-01'", 1, '2'],
    ["SELECT count(*) FROM (FROM user_day) AS u WHERE u.day = '2018-10-01'", 1, '2'],
    ["SELECT count(*) FROM query('FROM user_day') WHERE day = '2018-10-01'", 1, '2'],
    ["SELECT count(*) FROM query('FROM user' || '_day')", undefined, undefined],
    ["FROM user_day SELECT count(*) WHERE day >= '2018-10-02'", 2, '4'],
    [
      "SELECT count(*) FROM user_day a LEFT JOIN user_day b ON a.user_id = b.user_id AND b.day = '2018-10-02'",
      3,
      '6',
    ],
    [
      "SELECT count(*) FROM user_day WHERE day = '2018-10-01' UNION ALL SELECT count(*) FROM user_day WHERE day = '2018-10-02'",
      2,
      '2',
    ],
    ['SELECT count(*) FROM user_day WHERE false', 0, '0'],
  ])('finds the days behind %s', async (sql, files, count) => {
    if (files === undefined) {
      // A name that is put together is not found: an error, never an empty answer.
      await expect(lake.ask(sql)).rejects.toMatchObject({ code: 'FL_SQL_INVALID' });
      return;
    }
    const { rows, sources } = await lake.ask(sql);
    expect({ files: sources[0]!.files, count: rows[0]![0] }).toEqual({ files, count });
  });

  it('prunes each table by its own days', async () => {
    const { sources, rows } = await lake.ask(
      "SELECT count(*) FROM user_day u JOIN flyer_views v USING (user_id) WHERE u.day = '2018-10-01' AND v.day >= '2018-10-02'",
    );
    expect(rows).toEqual([['4']]);
    expect(Object.fromEntries(sources.map(({ table, files }) => [table, files]))).toEqual({
      user_day: 1,
      flyer_views: 2,
    });
  });

  it('reads a table as of a version, in the same statement as the newest', async () => {
    const { rows, sources } = await lake.ask(
      'SELECT (SELECT count(*) FROM user_day AS OF 0), (SELECT count(o.day) FROM "user_day" as of version 1 AS o), count(user_day.day) FROM user_day',
    );
    expect(rows).toEqual([['2', '4', '6']]);
    expect(sources.map(({ version }) => version).sort()).toEqual([0, 1, 2]);
  });

  it('reads tables as of a time, and as not there before their first', async () => {
    const count = 'SELECT count(*) FROM user_day';
    expect((await lake.ask(`${count} AS OF '2018-01-01'`)).rows).toEqual([['0']]);
    expect((await lake.ask(`${count} AS OF TIMESTAMP '2999-01-01T00:00:00-04:00'`)).rows).toEqual([['6']]);
    expect((await lake.ask(count, { asOfMs: 0 })).rows).toEqual([['0']]);
  });

  it.each([
    ['SELECT * FROM user_day AS OF 7', 'FL_OBJECT_MISSING', 'the newest is 2'],
    ["SELECT * FROM user_day AS OF 'monday'", 'FL_USAGE', 'is none'],
    ['SELECT nothing FROM user_day', 'FL_SQL_INVALID', 'nothing'],
    ['SELECT * FROM users', 'FL_SQL_INVALID', 'users'],
  ])('says what is wrong with %s', async (sql, code, reason) => {
    await expect(lake.ask(sql)).rejects.toMatchObject({ code, reason: expect.stringContaining(reason) });
  });

  it('describes tables and shows which there are', async () => {
    const { rows } = await lake.ask('SHOW TABLES');
    expect(rows.flat()).toContain('merchant_day');
    expect((await lake.ask('DESCRIBE dq_day')).rows.map(([name]) => name)).toEqual(['day', 'check', 'value']);
    expect((await lake.ask('SUMMARIZE dq_day')).rows).toHaveLength(3);
  });
});

describe('a table that got a column', () => {
  const lake = useSampleLake();

  it('shows NULL for it where files are older', async () => {
    const store = await openStore(lake.freshDir());
    await lake.commit(store, { day: '2018-10-01', rowCount: 3 });
    const note = { name: 'note', type: 'string', nullable: true, description: 'New.' } as const;
    const schemas = [{ ...sampleTable, columns: [...sampleTable.columns, note] }];
    const { rows } = await askStore(store, 'SELECT id, note FROM sample WHERE note IS NULL ORDER BY id', {
      schemas,
      scratchDir: lake.tempPath,
    });
    expect(rows).toEqual([
      ['0', undefined],
      ['1', undefined],
      ['2', undefined],
    ]);
    await store.close();
  });
});

describe('a version whose files were collected', () => {
  const lake = useSampleLake();

  it('is missing, and never an answer without their rows', async () => {
    const store = await openStore(lake.freshDir());
    await lake.commit(store, { day: '2018-10-01', rowCount: 3 });
    await lake.commit(store, { day: '2018-10-01', rowCount: 4 });
    await collectGarbage(store, { nowMs: Date.now() + 31 * 86_400_000 });
    const options = { schemas: [sampleTable], scratchDir: lake.tempPath };
    expect((await askStore(store, 'SELECT count(*) FROM sample', options)).rows).toEqual([['4']]);
    const past = askStore(store, 'SELECT count(*) FROM sample AS OF 0', options);
    await expect(past).rejects.toMatchObject({ code: 'FL_OBJECT_MISSING' });
    await store.close();
  });
});

describeWith(s3ServerInstalled.versitygw, 'a lake on S3', () => {
  const lake = useSampleLake();
  const server = useS3Server('versitygw');

  it('has only the files of the needed days fetched, each once', async () => {
    const store = await openStore(`s3://${await server.createBucket()}/lake`, { s3: server.config });
    for (const day of ['2018-10-01', '2018-10-02', '2018-10-03']) {
      await lake.commit(store, { day, rowCount: 10, parts: 2 });
    }
    const scratchDir = lake.freshDir();
    const fetched = () => readdirSync(join(scratchDir, 'files')).length;
    const ask = (sql: string) => askStore(store, sql, { schemas: [sampleTable], scratchDir });

    expect((await ask("SELECT count(*) FROM sample WHERE day = '2018-10-02'")).rows).toEqual([['10']]);
    expect(fetched()).toBe(2);
    expect((await ask("SELECT count(*) FROM sample WHERE day >= '2018-10-02'")).rows).toEqual([['20']]);
    expect(fetched()).toBe(4);
    expect((await ask('SELECT count(*) FROM sample AS OF 0')).rows).toEqual([['10']]);
    await store.close();
  });
});
