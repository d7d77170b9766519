/** `bench backfill`, with few days: what is compared is the same days, and a way that made other bytes would be told. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { differing, measureBackfill } from '../../bench/backfill/run-backfill.ts';
import { ProgressDisplay } from '../../cli/terminal.ts';
import { redisInstalled } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();

describeWith(redisInstalled, 'bench backfill', () => {
  it('makes the same days in every way, with the same bytes', async () => {
    const shown = new PassThrough();
    const { signal } = new AbortController();
    const result = await measureBackfill(
      dir.fresh(),
      { days: 2, events: 50, workers: 1, maxActive: 2, singleDays: 1, only: [] },
      new ProgressDisplay(shown),
      signal,
    );
    expect(result.ways.map(({ way, days }) => `${way}: ${days}`)).toEqual([
      'one by one, one process: 2',
      'one by one, a process each: 1',
      'workers, a run a day: 2',
      'workers, fused: 2',
    ]);
    expect(result.ways.flatMap(({ different }) => different)).toEqual([]);
    expect(result.ok).toBe(true);
    expect(String(shown.read())).toContain('workers, fused');
  });

  it('tells which exports differ or are missing, of the days that were made', () => {
    const name = (day: string) => `csv/t/dt=${day}/t.csv`;
    const first = new Map(['01', '02', '03'].map((day) => [name(day), 'a']));
    const second = new Map([
      [name('01'), 'a'],
      [name('02'), 'b'],
    ]);
    expect(differing(first, second, ['01', '02'])).toEqual([name('02')]);
    expect(differing(first, second, ['01', '03'])).toEqual([name('03')]);
  });
});
