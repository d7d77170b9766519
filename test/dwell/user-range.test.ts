/** Users over several days: sums of numerators over sums of denominators, never a mean of means. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Duck, openDuck, sqlString } from '../../lake/duckdb.ts';
import { USER_FLYER_DAY } from '../../tasks/tables.ts';
import { writeUserRange } from '../../tasks/user-range.ts';

/** user, day, flyer, views, measured views, dwell, suspect */
type Fact = readonly [string, string, string, number, number, number | null, number];

describe('writeUserRange', () => {
  let dir = '';
  let duck: Duck;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flyerline-user-'));
    duck = await openDuck({ memoryLimitBytes: 256 * 2 ** 20, threads: 1, tempDir: dir });
  });

  afterAll(async () => {
    await duck.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('divides sums over the days, and leaves out what was not measured', async () => {
    const csv = await usersOf([
      ['u1', '2018-10-01', 'A', 1, 1, 100, 0],
      ['u1', '2018-10-01', 'B', 2, 1, 20, 0],
      ['u1', '2018-10-02', 'A', 1, 1, 30.5, 0],
      ['u1', '2018-10-03', 'A', 1, 0, null, 0],
    ]);
    // 150.5 s over 3 measured facts, 3 measured views and 2 measured days, of 4 facts, 5 views and 3 days.
    expect(csv).toEqual(['u1,4,3,5,3,0,150.5,50.166667,50.166667,30.500000,3,2,75.250000,0']);
  });

  it('leaves averages empty, not 0, for a user without a measured view', async () => {
    expect(await usersOf([['u1', '2018-10-01', 'A', 2, 0, null, 0]])).toEqual(['u1,1,0,2,0,0,,,,,1,0,,0']);
  });

  it('marks a user as suspect when they were on one of the days', async () => {
    const csv = await usersOf([
      ['u1', '2018-10-01', 'A', 1, 1, 5, 1],
      ['u1', '2018-10-02', 'A', 1, 1, 5, 0],
      ['u2', '2018-10-02', 'A', 1, 1, 5, 0],
    ]);
    expect(csv.map((line) => line.at(-1))).toEqual(['1', '0']);
  });

  it('writes a header alone when no day has facts', async () => {
    const { csv } = await write([]);
    expect(csv.rowCount).toBe(0);
    expect(await readFile(csv.path, 'utf8')).toMatch(/^user_id,flyers,measured_flyers,views,.*,suspect\n$/);
  });

  async function usersOf(facts: readonly Fact[]): Promise<string[]> {
    const path = join(dir, 'facts.parquet');
    const rows = facts.map(
      ([user, day, flyer, views, measured, dwell, suspect]) =>
        `(${sqlString(user)}, DATE ${sqlString(day)}, '9', ${sqlString(flyer)}, ${views}, ${measured}, 0, 0, 0.0, ${dwell ?? 'NULL'}::DOUBLE, ${suspect})`,
    );
    const columns = USER_FLYER_DAY.columns.map(({ name }) => name).join(', ');
    await duck.run(
      `COPY (SELECT * FROM (VALUES ${rows.join(', ')}) AS fact (${columns})) TO ${sqlString(path)} (FORMAT parquet)`,
    );
    const { csv } = await write([path]);
    return (await readFile(csv.path, 'utf8')).trimEnd().split('\n').slice(1);
  }

  const write = (userFlyerDayPaths: readonly string[]) =>
    writeUserRange(duck, {
      userFlyerDayPaths,
      from: '2018-10-01',
      to: '2018-10-03',
      parquetPath: join(dir, 'user.parquet'),
      csvPath: join(dir, 'user.csv'),
    });
});
