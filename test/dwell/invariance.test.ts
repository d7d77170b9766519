/** What a day's tables must not depend on: arrival, drops, buckets, threads. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuck, sqlString } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import type { DayInputs, DayTablesRef } from '../../tasks/refs.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { computeDay, computeDays } from '../support/compute-days.ts';
import { DAY, type RandomDay, randomDay } from '../support/random-streams.ts';

/** One day that has a bit of everything, the same in every run of the tests. */
const [random] = fc.sample(randomDay({ min: 150, max: 160 }), { numRuns: 1, seed: 7 }) as [RandomDay];
const options = { params: { ...random.params, k_min_users: 2, fill_merchant: true }, days: [DAY] };

describe('the tables of a day do not depend on', () => {
  const expected = computeDays(random.rows, options);

  it('the order in which rows arrive', async () => {
    const { tables } = await computeDays([...random.rows].reverse(), options);
    // A rejected row tells the line it was on.
    const { rejected_events: _, ...rest } = (await expected).tables;
    expect(tables).toMatchObject(rest);
  });

  it('how rows are dealt out to drops, nor how finely drops were split', async () => {
    const { tables } = await computeDays(random.rows, { ...options, drops: 5, stagedBuckets: [1, 4, 2] });
    expect(tables).toEqual((await expected).tables);
  });

  it('the number of buckets, also when drops were staged in fewer or in more', async () => {
    for (const stagedBuckets of [[4], [1], [2, 16]]) {
      const { tables, days } = await computeDays(random.rows, {
        ...options,
        buckets: 4,
        drops: 3,
        stagedBuckets,
      });
      expect(days[0]!.tables.flyer_views).toHaveLength(4);
      expect(tables).toEqual((await expected).tables);
    }
  });

  it('the number of passes in which quantiles are made', async () => {
    const { tables } = await computeDays(random.rows, { ...options, valuesPerPass: 100 });
    expect(tables).toEqual((await expected).tables);
  });
});

describe('equal inputs give equal bytes', () => {
  const EVENTS = 300_000;
  let dir = '';
  const hashes = new Map<number, Record<string, string[]>>();

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'flyerline-bytes-'));
    const file = join(dir, 'lake/stage/day.parquet');
    await mkdir(dirname(file), { recursive: true });
    await writeManyEvents(file, EVENTS, dir);
    for (const threads of [1, 4, 7]) hashes.set(threads, hashesOf(await compute(dir, threads)));
  }, 60_000);

  afterAll(() => rm(dir, { recursive: true, force: true }));

  it.each([4, 7])('with %i threads as with one', (threads) => {
    expect(hashes.get(threads)).toEqual(hashes.get(1));
  });
});

async function compute(dir: string, threads: number): Promise<DayTablesRef> {
  const store = await openStore(join(dir, 'lake'));
  const startMs = Date.parse(`${DAY}T00:00:00Z`);
  const inputs: DayInputs = {
    day: DAY,
    params: metricParamsSchema.parse({}),
    codeVersion: 'test',
    status: 'final',
    inputsHash: 'test',
    drops: [],
    files: [
      {
        key: 'stage/day.parquet',
        day: DAY,
        bucket: 0,
        buckets: 1,
        rowCount: 0,
        minLocalMs: startMs,
        maxLocalMs: startMs + 86_400_000,
        minInstantMs: startMs,
        maxInstantMs: startMs + 86_400_000,
      },
    ],
    rejected: [],
    buckets: 1,
    asOfMs: startMs + 86_400_000,
    rowsRead: 0,
  };
  const tokens = Object.fromEntries(
    PUBLISHED_TABLES.map(({ name }) => [name, String(threads).padStart(20, '0')]),
  );
  const ref = { inputsKey: '', day: DAY, bucket: 0, buckets: 1, tokens };
  return computeDay(store, inputs, [ref], join(dir, `scratch-${threads}`), threads);
}

/** Several row groups of events: users in no order, ties, duplicates, gaps in ids. */
async function writeManyEvents(path: string, events: number, dir: string): Promise<void> {
  const duck = await openDuck({ memoryLimitBytes: 512 * 2 ** 20, threads: 1, tempDir: dir });
  try {
    await duck.run(`COPY (
      SELECT epoch_ms(DATE ${sqlString(DAY)}) + (range * 7919 % 86400) * 1000 AS instant_ms, instant_ms AS local_ms,
        md5((range * 31 % 6007)::VARCHAR) AS user_id, (range % 7)::UTINYINT AS event,
        CASE WHEN range % 7 IN (0, 2, 3) THEN (range % 211)::VARCHAR END AS flyer_id,
        CASE WHEN range % 5 > 0 THEN (range % 211 % 17)::VARCHAR ELSE 'null' END AS merchant_id,
        NULL::VARCHAR AS event_id, NULL::BIGINT AS seq, NULL::BIGINT AS received_ms, 0::USMALLINT AS drop_no, range AS line
      FROM range(${events})
    ) TO ${sqlString(path)} (FORMAT parquet)`);
  } finally {
    await duck.close();
  }
}

function hashesOf(day: DayTablesRef): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(day.tables).map(([table, files]) => [
      table,
      files.map(({ sha256, rowCount }) => `${rowCount} ${sha256}`),
    ]),
  );
}
