/** `export table`: the rows of the days, in one file of each format. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import type { RangeExport } from '../../tasks/range/write-range.ts';
import { LAKE_TABLES, PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { publishDays } from '../support/publish-days.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const row = (day: string, time: string, user: string, event: string): RawRow => ({
  ...{ timestamp: `${day}T${time}-04:00`, user, event, flyer: '1', merchant: '9' },
});

/** 2 October is not published; ada comes before zoe on the first day, and again on the third. */
const ROWS = [
  row('2018-10-01', '10:00:00', 'zoe', 'flyer_open'),
  row('2018-10-01', '10:00:30', 'zoe', 'flyer_close'),
  row('2018-10-01', '11:00:00', 'ada', 'flyer_open'),
  row('2018-10-01', '11:00:07', 'ada', 'flyer_close'),
  row('2018-10-03', '09:00:00', 'ada', 'flyer_open'),
  row('2018-10-03', '09:00:05', 'ada', 'flyer_close'),
];

describe('export table', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');

  beforeAll(() => publishDays(lake, ROWS, { exported: true }));

  const run = (table: string, out: string, ...more: readonly string[]) =>
    flyerlineJson<RangeExport>([
      ...['export', 'table', table, '--from', '2018-10-01', '--to', '2018-10-03'],
      ...['--lake', lake, '--out', out, ...more],
    ]);

  const query = async <T extends object>(sql: string) => {
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    return duck.rows<T>(sql).finally(() => duck.close());
  };

  it('writes the rows of all days, by day and key, as the files of single days have them', async () => {
    const out = dir.fresh();
    const made = await run('user_day', out, '--format', 'csv', 'csv.gz', 'parquet');
    expect(made).toMatchObject({ days: ['2018-10-01', '2018-10-03'], missingDays: ['2018-10-02'] });
    expect(made.tables).toMatchObject([{ table: 'user_day', rowCount: 3 }]);
    expect((await readdir(out)).sort()).toEqual([
      'user_day.csv',
      'user_day.csv.gz',
      'user_day.json',
      'user_day.parquet',
    ]);

    const csv = await readFile(join(out, 'user_day.csv'), 'utf8');
    const days = await Promise.all(
      made.days.map((day) =>
        readFile(join(lake, `current/csv/user_day/dt=${day}/user_day.csv`), 'utf8').then((text) =>
          text.trimEnd().split('\n'),
        ),
      ),
    );
    const rows = days.flatMap((lines) => lines.slice(1).sort());
    expect(csv.trimEnd().split('\n')).toEqual([days[0]![0], ...rows]);

    const parquet = join(out, 'user_day.parquet');
    const single = sqlPaths(
      made.days.map((day) => join(lake, `current/parquet/user_day/dt=${day}/user_day.parquet`)),
    );
    expect(await query(`FROM read_parquet(${sqlPaths([parquet])})`)).toEqual(
      await query(`FROM read_parquet(${single}, hive_partitioning = false) ORDER BY day, user_id`),
    );
  });

  it('compresses CSV without a time or a name, so that equal rows give equal bytes', async () => {
    const [one, other] = [dir.fresh(), dir.fresh()];
    await run('user_day', one, '--format', 'csv', 'csv.gz');
    await run('user_day', other, '--format', 'csv.gz');
    const bytes = await readFile(join(one, 'user_day.csv.gz'));
    expect(await readFile(join(other, 'user_day.csv.gz'))).toEqual(bytes);
    expect((await readdir(other)).sort()).toEqual(['user_day.csv.gz', 'user_day.json']);
    // RFC 1952: flags and the four bytes of the modification time.
    expect([...bytes.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
    expect(gunzipSync(bytes)).toEqual(await readFile(join(one, 'user_day.csv')));
  });

  it.each(PUBLISHED_TABLES.map(({ name }) => name))('exports %s', async (name) => {
    const out = dir.fresh();
    const { tables } = await run(name, out);
    expect(tables[0]!.files.map(({ path }) => path)).toEqual([
      join(out, `${name}.parquet`),
      join(out, `${name}.csv`),
    ]);
    const [counted] = await query<{ rows: bigint }>(
      `SELECT count(*) AS rows FROM read_csv('${join(out, `${name}.csv`)}', header = true, all_varchar = true)`,
    );
    expect(Number(counted!.rows)).toBe(tables[0]!.rowCount);
  });

  it('can order every table of the lake by day', () => {
    expect(LAKE_TABLES.filter(({ columns }) => !columns.some(({ name }) => name === 'day'))).toEqual([]);
  });

  it.each([
    [['user_days'], 'Table "user_days"'],
    [['user_day', '--format', 'xlsx'], 'xlsx'],
  ])('refuses %j', async (args, reason) => {
    const range = ['--from', '2018-10-01', '--to', '2018-10-03', '--out', dir.fresh(), '--lake', lake];
    const { exitCode, stderr } = await flyerline(['export', 'table', ...range, ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(reason);
  });
});
