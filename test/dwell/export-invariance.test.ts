/** What readers of `current/` get, to the byte: the same from the same events, however they come and whoever computes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { currentKey } from '../../lake/lake-keys.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { type NightlyLakeOptions, openNightlyLake } from '../support/nightly-lake.ts';
import { publishDays } from '../support/publish-days.ts';
import { DAY, type RandomDay, randomDay } from '../support/random-streams.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();
const [random] = fc.sample(randomDay({ min: 120, max: 130 }), { numRuns: 1, seed: 3 }) as [RandomDay];
const PARAMS = { ...random.params, k_min_users: 2, fill_merchant: true };
const RUN_PARAMS = { ...PARAMS, known_at: '2019-01-01T00:00:00Z', rejected_share_max: 1 };
const DAYS = ['2018-09-30', DAY, '2018-10-02'];
/** Users named as the app names them. */
const ROWS = random.rows.map((row) => ({ ...row, user: row.user && sha256(row.user) }));
const TABLES = LAKE_TABLES.filter(({ exported, name }) => exported && name !== 'seed_compat').map(
  ({ name }) => name,
);

type Drops = Readonly<Record<string, readonly RawRow[]>>;
type Hashes = Readonly<Record<string, string>>;

describe('the exports of three days, run one by one', { timeout: 180_000 }, () => {
  let first: string;
  let expected: Hashes;
  beforeAll(async () => {
    first = await lakeOf({ 'all.csv': ROWS }, DAYS);
    expected = hashesIn(first);
  }, 120_000);

  it('are the same, whatever the order of rows, the number of drops and their formats, and the order of days', async () => {
    const dealt = ['a.csv', 'b.ndjson.gz', 'c.json', 'd.csv.gz', 'e.ndjson'];
    const shuffled = [...ROWS].reverse();
    const drops = Object.fromEntries(
      dealt.map((name, index) => [name, shuffled.filter((_, row) => row % dealt.length === index)]),
    );
    expect(hashesIn(await lakeOf(drops, [...DAYS].reverse()))).toEqual(expected);
  });

  it('are the same on four threads, with a quarter of the memory', async () => {
    const options = { threads: 4, memoryLimitBytes: 128 << 20 };
    expect(hashesIn(await lakeOf({ 'all.csv': ROWS }, DAYS, options))).toEqual(expected);
  });

  it('hold the same rows in the same order in one bucket and in four', async () => {
    const lake = join(temp.fresh(), 'lake');
    await publishDays(lake, ROWS, { params: PARAMS, buckets: 4, exported: true, days: DAYS });
    const textsIn = (of: string) =>
      DAYS.flatMap((day) =>
        TABLES.map((table) => readFileSync(join(of, currentKey(table, day, 'csv')), 'utf8')),
      );
    expect(textsIn(lake)).toEqual(textsIn(first));
  });
});

/** Resolves to the directory of the lake. */
async function lakeOf(
  drops: Drops,
  days: readonly string[],
  options: NightlyLakeOptions = {},
): Promise<string> {
  const lake = await openNightlyLake(temp.path, options);
  try {
    for (const [name, rows] of Object.entries(drops)) lake.drop(name, rows);
    for (const day of days) await lake.run(day, RUN_PARAMS);
    return join(lake.dir, 'lake');
  } finally {
    await lake.close();
  }
}

/** By key; every exported table of every day in both formats. */
function hashesIn(lake: string): Hashes {
  const keys = DAYS.flatMap((day) =>
    TABLES.flatMap((table) => [currentKey(table, day, 'parquet'), currentKey(table, day, 'csv')]),
  );
  return Object.fromEntries(keys.map((key) => [key, sha256(readFileSync(join(lake, key)))]));
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
