/** Where staged files are, and how small drops are batched. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sqlPaths } from '../../lake/duckdb.ts';
import { dayInKey } from '../../tasks/ingest/days.ts';
import type { Drop } from '../../tasks/ingest/read/drops.ts';
import { readCsvDrop } from '../../tasks/ingest/read/read-lines.ts';
import { DropIntake } from '../../tasks/ingest/stage/drop-intake.ts';
import { openLanes } from '../../tasks/ingest/stage/lanes.ts';
import { bucketsFor, chunkBytesFor, layOut } from '../../tasks/ingest/stage/layout.ts';
import { planBatches } from '../../tasks/ingest/stage/plan-batches.ts';
import { sampleDays } from '../../tasks/ingest/stage/sample-days.ts';
import { stageChunk } from '../../tasks/ingest/stage/stage-chunk.ts';
import { userBucketSql } from '../../tasks/user-bucket.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, row } from './drop-zone.ts';

const temp = useTempDir();
const lanes = openLanes({
  memoryLimitBytes: 256 << 20,
  threads: 1,
  scratchDir: temp.path,
  params: { report_tz: 'event', max_future_s: 300 },
  signal: new AbortController().signal,
});
afterAll(() => lanes.close());

const DAY_NO = 17_805;

describe('layout', () => {
  it('gives a bucket one to two million rows, in powers of two, and two buckets to a day with fewer', () => {
    expect([0, 20_723, 400_000].map(bucketsFor)).toEqual([1, 1, 1]);
    expect([400_001, 1_000_000, 2_000_000].map(bucketsFor)).toEqual([2, 2, 2]);
    expect([2_000_001, 10_000_000, 50_000_000].map(bucketsFor)).toEqual([2, 8, 32]);
  });

  it('cuts a chunk of an eighth of the memory, and four of less text', () => {
    const chunk = (memory: number, text: number) => chunkBytesFor(memory << 20, text << 20) / 2 ** 20;
    expect([chunk(1024, 1000), chunk(512, 1000), chunk(2047, 1000), chunk(1024, 100)]).toEqual([
      128, 64, 128, 25,
    ]);
    expect([chunk(1024, 2), chunk(32, 1000)]).toEqual([8, 8]);
  });

  it('splits the days that most rows are of, and no file into crumbs', () => {
    const chunkBytes = 128 << 20;
    expect(layOut([[DAY_NO, 1]], 10_000_000, chunkBytes).bucketsOfDay).toEqual([[DAY_NO, 8]]);
    expect(
      layOut(
        [
          [DAY_NO + 1, 0.02],
          [DAY_NO, 0.98],
        ],
        10_000_000,
        chunkBytes,
      ).bucketsOfDay,
    ).toEqual([[DAY_NO, 8]]);
    expect(layOut([[DAY_NO, 1]], 1_000_000_000_000, chunkBytes).bucketsOfDay).toEqual([[DAY_NO, 64]]);
    expect(layOut([[DAY_NO, 1]], 400_000, chunkBytes).bucketsOfDay).toEqual([]);
  });

  it('puts users into the files of their buckets, and says what the files hold', async () => {
    const dir = join(temp.path, 'chunk');
    mkdirSync(dir);
    const intake = new DropIntake({ dir, chunkBytes: Number.POSITIVE_INFINITY, maxFutureMs: 300_000 });
    const rows = Array.from({ length: 2000 }, (_, i) =>
      row(`2018-10-0${i % 10 === 0 ? 2 : 1}T10:00:0${i % 10}-04:00`, `user-${i}`),
    );
    await readCsvDrop(text(csv(...rows)), intake.sinkOf(0), 10_000);
    intake.finishChunk();
    const pieces = intake.takeChunks().flat();
    const { done } = await lanes.start(async (duck) => {
      const shares = await sampleDays(duck, pieces);
      const layout = { chunkBytes: 1, bucketsOfDay: [[DAY_NO, 4]] as const };
      const staged = await stageChunk(duck, pieces, layout, join(dir, 'out'));
      const strangers = await duck.rows<{ count: number }>(
        staged.files
          .map(
            ({ path, bucket, buckets }) =>
              `SELECT count(*) FILTER (${userBucketSql('user_id', buckets)} <> ${bucket})::INTEGER AS count
               FROM read_parquet(${sqlPaths([path])}, hive_partitioning = false)`,
          )
          .join(' UNION ALL '),
      );
      return { shares, files: staged.files, strangers };
    });
    const { shares, files, strangers } = await done;
    expect(shares.map(([day, share]) => [day, Math.round(share * 10)])).toEqual([
      [DAY_NO, 9],
      [DAY_NO + 1, 1],
    ]);
    expect(strangers.every(({ count }) => count === 0)).toBe(true);
    expect(files.map(({ dayNo, bucket, buckets }) => [dayNo, bucket, buckets])).toEqual([
      [DAY_NO, 0, 4],
      [DAY_NO, 1, 4],
      [DAY_NO, 2, 4],
      [DAY_NO, 3, 4],
      [DAY_NO + 1, 0, 1],
    ]);
    expect(files.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(2000);
    expect(files.at(-1)).toMatchObject({
      rowCount: 200,
      minLocalMs: Date.parse('2018-10-02T10:00:00Z'),
      maxLocalMs: Date.parse('2018-10-02T10:00:00Z'),
      minInstantMs: Date.parse('2018-10-02T14:00:00Z'),
      maxInstantMs: Date.parse('2018-10-02T14:00:00Z'),
    });
  });
});

describe('batches', () => {
  const drop = (key: string, size: number): Drop => ({
    key,
    size,
    etag: 'e',
    lastModifiedMs: 0,
    src: key,
    format: 'csv',
    compression: 'none',
  });
  const keys = (drops: readonly Drop[], day = '2018-10-01') =>
    planBatches(drops, day, 64 << 20).map((plan) => plan.drops.map(({ key }) => key));

  it('hold large drops alone, small ones of one date together, and begin with the day', () => {
    expect(
      keys([
        drop('2018-09-30/a.csv', 10),
        drop('2018-10-01/a.csv', 10),
        drop('2018-10-01/b.csv', 50 << 20),
        drop('2018-10-01/c.csv', 10),
        drop('2018-10-01/d.csv', 20 << 20),
        drop('x.csv', 10),
      ]),
    ).toEqual([
      ['2018-10-01/a.csv'],
      ['2018-10-01/b.csv'],
      ['2018-10-01/c.csv', '2018-10-01/d.csv'],
      ['2018-09-30/a.csv'],
      ['x.csv'],
    ]);
  });

  it('hold compressed drops alone that are too large to be held in memory', () => {
    const compressed = { ...drop('b.csv.gz', 5 << 20), compression: 'gzip' as const };
    expect(keys([drop('a.csv', 10), compressed, drop('c.csv', 10)])).toEqual([
      ['a.csv'],
      ['b.csv.gz'],
      ['c.csv'],
    ]);
  });

  it('hold at most a thousand drops', () => {
    const many = Array.from({ length: 2500 }, (_, i) => drop(`${i}.csv`, 10));
    expect(planBatches(many, '2018-10-01', 64 << 20).map(({ drops }) => drops.length)).toEqual([
      1000, 1000, 500,
    ]);
  });

  it('know the rows of their day in all drops', () => {
    const [first] = planBatches(
      [
        drop('2018-10-01/a.csv', 550 << 20),
        drop('2018-10-01/b.csv', 550 << 20),
        drop('2018-10-02/a.csv', 1 << 30),
      ],
      '2018-10-01',
      64 << 20,
    );
    expect(Math.round(first!.dayRows / 1e6)).toBe(10);
  });

  it('know of compressed drops no fewer rows than they have', () => {
    // 10 million generated events as csv.gz.
    const compressed = { ...drop('2018-10-01/a.csv.gz', 178_433_421), compression: 'gzip' as const };
    const [first] = planBatches([compressed], '2018-10-01', 64 << 20);
    expect(bucketsFor(first!.dayRows)).toBe(bucketsFor(10_000_000));
  });
});

it('finds the date in a key', () => {
  expect(dayInKey('raw/2018-10-01/part-17.csv')).toBe('2018-10-01');
  expect(dayInKey('dt=2018-02-30/20181001T0600.csv.gz')).toBe('2018-10-01');
  expect(dayInKey('2018/10/01/0600.csv')).toBe('2018-10-01');
  expect(dayInKey('events_20181001.csv')).toBe('2018-10-01');
  expect(dayInKey('120181001.csv')).toBeUndefined();
});

async function* text(content: string): AsyncGenerator<Buffer> {
  yield Buffer.from(content);
}
