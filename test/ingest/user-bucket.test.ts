/** The bucket of a user never changes, and nests. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Duck, openDuck, sqlString } from '../../lake/duckdb.ts';
import { userBucketSql } from '../../tasks/user-bucket.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();
let duck: Duck;
beforeAll(async () => {
  duck = await openDuck({ memoryLimitBytes: 256 << 20, threads: 1, tempDir: temp.path });
});
afterAll(() => duck.close());

async function bucketsOf(ids: readonly string[], buckets: number): Promise<number[]> {
  const list = ids.map(sqlString).join(', ');
  const rows = await duck.rows<{ bucket: number }>(
    `SELECT (${userBucketSql('user_id', buckets)})::INTEGER AS bucket FROM (SELECT unnest([${list}]) AS user_id)`,
  );
  return rows.map(({ bucket }) => bucket);
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const md5 = (text: string) => createHash('md5').update(text).digest();
const manyIds = Array.from({ length: 4000 }, (_, i) =>
  i % 2 === 0 ? digest(`u${i}`) : `user-${i}@example.org`,
);

describe('user buckets', () => {
  it('never change: staged files of last year must fit those of today', async () => {
    expect(await bucketsOf([digest('a'), digest('a').toUpperCase(), '0'.repeat(64)], 16)).toEqual([
      12, 12, 0,
    ]);
    expect(await bucketsOf([digest('a')], 4096)).toEqual([0xca9]);
    const others = ['u1', 'é', 'somebody@example.org'];
    // DuckDB reads the MD5 as a number whose last byte is its leading one.
    expect(await bucketsOf(others, 16)).toEqual(others.map((id) => md5(id).at(-1)! >> 4));
  });

  it.each([2, 4, 16, 32, 512])('of %i nest in those of twice as many', async (buckets) => {
    const coarse = await bucketsOf(manyIds, buckets);
    const fine = await bucketsOf(manyIds, buckets * 2);
    expect(fine.map((bucket) => bucket >> 1)).toEqual(coarse);
  });

  it('share users evenly', async () => {
    const counts = new Array<number>(8).fill(0);
    for (const bucket of await bucketsOf(manyIds, 8)) counts[bucket]! += 1;
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it('take ids of 64 bytes that are no digests', async () => {
    const odd = ['-'.repeat(64), 'é'.repeat(32), '~'.repeat(64), '🛒'.repeat(16)];
    for (const bucket of await bucketsOf(odd, 64)) expect(bucket >= 0 && bucket < 64).toBe(true);
  });

  it('put everybody into the one bucket there is', async () => {
    expect(await bucketsOf(['u1', 'u2'], 1)).toEqual([0, 0]);
  });
});
