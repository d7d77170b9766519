/** The exercise's formula on small days: what it counts, how it groups, and how Spark writes the interval. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../engine/task-context.ts';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { publishSeedCompat } from '../../tasks/publish-seed-compat.ts';
import type { Services } from '../../tasks/services.ts';
import { publishDays } from '../support/publish-days.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY = '2018-10-01';
const open = (time: string, merchant = '9', more: Partial<RawRow> = {}): RawRow => ({
  ...{ timestamp: `${DAY}T${time}-04:00`, user: 'u1', event: 'flyer_open', flyer: '1', merchant },
  ...more,
});

describe('seed_compat', () => {
  const dir = useTempDir();

  /** `[user, merchant, avg_time, avg_time_in_Sec]` */
  async function seedOf(rows: readonly RawRow[], buckets = 1): Promise<unknown[][]> {
    const lakeDir = join(dir.fresh(), 'lake');
    const scratchDir = dir.fresh();
    await publishDays(lakeDir, rows, { buckets, days: [DAY] });
    const lake = await openStore(lakeDir);
    const limits = { memoryLimitBytes: 2 ** 28, threads: 1 };
    const duck = await openDuck({ ...limits, tempDir: scratchDir });
    try {
      const services: Services = { lake, drops: lake, scratchDir, ...limits };
      const context = { services, day: DAY, params: {}, scratchDir, runId: 'test', attempt: 1 };
      await publishSeedCompat.run(context as unknown as TaskContext<Services>, {});
      const files = filesOfDay(await readSnapshot(lake, 'seed_compat'), DAY);
      const paths = await Promise.all(files.map(({ key }) => lake.fetchFile(key, scratchDir)));
      const found = await duck.rows(
        `SELECT user_id, merchant_id, avg_time, "avg_time_in_Sec" FROM read_parquet(${sqlPaths(paths)})`,
      );
      return found.map((row) => Object.values(row));
    } finally {
      await duck.close();
      await lake.close();
    }
  }

  it('averages to the microsecond, half up, and writes it as Spark does', async () => {
    const examples: [times: string[], text: string, seconds: number][] = [
      [['10:00:00'], '0 seconds', 0],
      [['10:00:00', '10:00:00'], '0 seconds', 0],
      [['10:00:00', '10:00:20'], '10 seconds', 10],
      [['10:00:00', '10:02:00'], '1 minutes', 60],
      [['10:00:00', '12:00:01'], '1 hours 0.5 seconds', 3600.5],
      [['08:00:00', '11:15:23'], '1 hours 37 minutes 41.5 seconds', 5861.5],
      [['10:00:00', '10:00:00', '10:00:01'], '0.333333 seconds', 0.333333],
      [['10:00:00', '10:00:01', '10:00:02'], '0.666667 seconds', 0.666667],
      [['10:00:00', '10:00:01', '10:00:30'], '10 seconds', 10],
      // 1 ms over 16 rows is 62.5 µs.
      [['10:00:00.001', ...Array<string>(15).fill('10:00:00')], '0.000063 seconds', 0.000063],
    ];
    const rows = examples.flatMap(([times], at) => times.map((time) => open(time, '9', { user: `u${at}` })));
    expect(await seedOf(rows)).toEqual(
      examples.map(([, text, seconds], at) => [`u${at}`, '9', text, seconds]),
    );
  });

  it('groups by the merchant as written: only the empty field is NULL', async () => {
    const merchants = ['', '9', '<null>', 'null', '%3Cnull%3G'];
    const rows = merchants.flatMap((merchant) => [open('10:00:00', merchant), open('10:00:20', merchant)]);
    expect((await seedOf(rows)).map(([, merchant]) => merchant)).toEqual([
      ...[null, '%3Cnull%3G', '9', '<null>', 'null'],
    ]);
  });

  it('counts opens and item opens of the day, duplicates included, with no timeout and nothing in between', async () => {
    const rows = [
      open('00:00:00'),
      open('00:00:00'),
      open('04:00:00', '9', { event: 'list_flyers' }),
      open('05:00:00', '9', { event: 'favorite' }),
      open('12:00:00', '9', { event: 'item_open', flyer: '' }),
      { ...open('00:00:00'), timestamp: '2018-10-02T00:00:00-04:00' },
      { ...open('00:00:00'), timestamp: 'garbage' },
    ];
    expect(await seedOf(rows)).toEqual([['u1', '9', '4 hours', 14_400]]);
  });

  it('is the same from any number of buckets', async () => {
    const rows = Array.from({ length: 40 }, (_, at) =>
      open(`10:${String(at).padStart(2, '0')}:00`, String(at % 3), { user: `u${at % 7}` }),
    );
    expect(await seedOf(rows, 4)).toEqual(await seedOf(rows));
  });
});
