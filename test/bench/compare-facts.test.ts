/** Results that differ in one value, or in one row, are told apart; files that differ in form only are not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareFacts, totalFacts } from '../../bench/compute/compare-facts.ts';
import { openDuck } from '../../lake/duckdb.ts';
import { useTempDir } from '../support/temp-dir.ts';

const HEADER =
  'user_id,day,merchant_id,flyer_id,views,measured_views,bounce_views,item_opens,first_open_ts,dwell_s,suspect';
const ROWS = [
  '007,2018-10-01,9,1,2,2,0,3,1538402400,120.5,0',
  '007,2018-10-01,,1,1,0,0,0,1538402460,,0',
  '1e3,2018-10-01,9,01,1,1,1,0,1538402500,4,1',
];

const temp = useTempDir();

function csv(name: string, rows: readonly string[]): string {
  const path = join(temp.path, name);
  writeFileSync(path, `${[HEADER, ...rows].join('\n')}\n`);
  return path;
}

describe('facts of two contenders', () => {
  it('are the same in CSV and Parquet, whatever the order of rows and columns', async () => {
    const reference = csv('reference.csv', ROWS);
    const parquet = join(temp.path, 'same.parquet');
    const duck = await openDuck({ memoryLimitBytes: 256 * 1024 ** 2, threads: 1, tempDir: temp.path });
    await duck.run(
      `COPY (SELECT dwell_s::FLOAT AS dwell_s, * EXCLUDE (dwell_s) FROM read_csv('${csv('turned.csv', ROWS.toReversed())}',
         types = {user_id: 'VARCHAR', merchant_id: 'VARCHAR', flyer_id: 'VARCHAR'}))
       TO '${parquet}' (FORMAT parquet)`,
    );
    await duck.close();
    expect(await compareFacts(reference, parquet, temp.path)).toBeUndefined();
    expect(await totalFacts(parquet, temp.path)).toEqual({ rowCount: 3, views: 4, dwellS: 124.5 });
  });

  it.each([
    ['one value differs', 0, '120.5', '120.501'],
    ['an id is only equal as a number', 2, ',01,', ',1,'],
    ['unknown became 0', 1, ',,0', ',0,0'],
  ])('differ when %s', async (_, changed, from, to) => {
    const other = ROWS.map((row, at) => (at === changed ? row.replace(from, to) : row));
    const difference = await compareFacts(csv('a.csv', ROWS), csv('b.csv', other), temp.path);
    expect(difference).toMatchObject({ missing: 1, unexpected: 1 });
    expect(difference!.samples).toHaveLength(2);
  });

  it('differ when one has a row twice', async () => {
    const twice = csv('twice.csv', [...ROWS, ROWS[0]!]);
    expect(await compareFacts(csv('a.csv', ROWS), twice, temp.path)).toMatchObject({
      missing: 0,
      unexpected: 1,
    });
  });
});
