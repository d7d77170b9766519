/** `user` over a range of days: ratios of sums, days that are missing, and what the files say of themselves. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import { openStore } from '../../lake/open-store.ts';
import { exportUser } from '../../tasks/export-user.ts';
import { daysOf } from '../../tasks/range/day-range.ts';
import type { RangeExport } from '../../tasks/range/write-range.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { publishDays } from '../support/publish-days.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

/** `HH:MM:SS event flyer/merchant`, in words of their own. */
function events(day: string, user: string, ...lines: readonly string[]): RawRow[] {
  return lines.map((line) => {
    const [time, event, place = '-/-'] = line.split(' ');
    const [flyer, merchant] = place.split('/').map((id) => (id === '-' ? '' : id));
    return { timestamp: `${day}T${time}-04:00`, user, event: event!, flyer: flyer!, merchant: merchant! };
  });
}

/** 2 October is not published. */
const ROWS = [
  ...events(
    '2018-10-01',
    'ada',
    '10:00:00 flyer_open 1/9',
    '10:01:00 flyer_open 2/9',
    '10:01:20 list_flyers',
  ),
  ...events('2018-10-01', 'bob', '10:00:00 flyer_open 1/9'),
  ...events('2018-10-01', 'cyd', '12:00:00 list_flyers'),
  ...events(
    '2018-10-03',
    'ada',
    '10:00:00 flyer_open 1/9',
    '10:00:10.500 list_flyers',
    '10:05:00 flyer_open 5/9',
  ),
  ...events('2018-10-03', 'ada', ...Array.from({ length: 5 }, (_, at) => `20:00:0${at} item_open 1/9`)),
  ...events('2018-10-03', 'eve', '23:00:00 flyer_open 1/9', '23:00:07 flyer_close 1/9'),
];

describe('export user', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const out = join(dir.path, 'out');
  const range = (from: string, to: string) => ['export', 'user', '--from', from, '--to', to, '--lake', lake];

  const read = async (path: string) => {
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    try {
      return await duck.rows(`FROM read_parquet(${sqlPaths([path])}) ORDER BY user_id`);
    } finally {
      await duck.close();
    }
  };

  beforeAll(() => publishDays(lake, ROWS, { buckets: 2, params: { suspect_events_per_minute: 4 } }));

  it('divides sums by sums, takes the median over facts, and leaves users without views out', async () => {
    await flyerlineJson([...range('2018-10-01', '2018-10-03'), '--out', out]);
    const rows = await read(join(out, 'user.parquet'));
    expect(rows).toEqual([
      {
        user_id: 'ada',
        // Flyers 1 and 2 on one day, 1 and 5 on the other: 60 s, 20 s, 10.5 s + 4 s, and nothing measured.
        ...{ flyers: 4, measured_flyers: 3, views: 5, measured_views: 4, item_opens: 5, dwell_s: 94.5 },
        ...{ avg_time_on_flyer_s: 31.5, avg_time_per_view_s: 23.625, median_time_on_flyer_s: 20 },
        ...{ active_days: 2, measured_days: 2, avg_daily_dwell_s: 47.25, suspect: 1 },
      },
      {
        user_id: 'bob',
        ...{ flyers: 1, measured_flyers: 0, views: 1, measured_views: 0, item_opens: 0, dwell_s: null },
        ...{ avg_time_on_flyer_s: null, avg_time_per_view_s: null, median_time_on_flyer_s: null },
        ...{ active_days: 1, measured_days: 0, avg_daily_dwell_s: null, suspect: 0 },
      },
      {
        user_id: 'eve',
        ...{ flyers: 1, measured_flyers: 1, views: 1, measured_views: 1, item_opens: 0, dwell_s: 7 },
        ...{ avg_time_on_flyer_s: 7, avg_time_per_view_s: 7, median_time_on_flyer_s: 7 },
        ...{ active_days: 1, measured_days: 1, avg_daily_dwell_s: 7, suspect: 0 },
      },
    ]);
  });

  it('writes the same rows as CSV, and a note of what they were made from', async () => {
    expect(await readFile(join(out, 'user.csv'), 'utf8')).toBe(
      'user_id,flyers,measured_flyers,views,measured_views,item_opens,dwell_s,avg_time_on_flyer_s,avg_time_per_view_s,' +
        'median_time_on_flyer_s,active_days,measured_days,avg_daily_dwell_s,suspect\n' +
        'ada,4,3,5,4,5,94.5,31.500000,23.625000,20.000000,2,2,47.250000,1\n' +
        'bob,1,0,1,0,0,,,,,1,0,,0\n' +
        'eve,1,1,1,1,0,7,7.000000,7.000000,7.000000,1,1,7.000000,0\n',
    );
    const note = JSON.parse(await readFile(join(out, 'user.json'), 'utf8'));
    expect(note).toMatchObject({
      days: ['2018-10-01', '2018-10-03'],
      missingDays: ['2018-10-02'],
      definitionVersion: 'dwell-1',
      params: { inactivity_timeout_s: 1800, suspect_events_per_minute: 4 },
      tables: [{ table: 'user', rowCount: 3, files: [{ name: 'user.parquet' }, { name: 'user.csv' }] }],
    });
    expect(Object.keys(note.inputs)).toEqual(note.days);
    expect((await readdir(out)).sort()).toEqual(['user.csv', 'user.json', 'user.parquet']);
  });

  it('names the days that are missing, on a terminal and for programs', async () => {
    const args = [...range('2018-09-30', '2018-10-03'), '--out', join(dir.fresh(), 'a/b')];
    const printed = await flyerline(args);
    expect(printed.exitCode).toBe(0);
    expect(printed.stdout).toContain('2 days from 2018-09-30 to 2018-10-03');
    expect(printed.stdout).toContain('2 days not published: 2018-09-30, 2018-10-02');
    expect((await flyerlineJson<RangeExport>(args)).missingDays).toEqual(['2018-09-30', '2018-10-02']);
  });

  it('fails when no day of the range is published, and writes nothing', async () => {
    const empty = dir.fresh();
    const { exitCode, stdout } = await flyerline([
      ...range('2018-10-02', '2018-10-02'),
      '--out',
      empty,
      '--json',
    ]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'FL_OBJECT_MISSING' });
    expect(await readdir(empty)).toEqual([]);
  });

  it.each([
    ['2018-10-03', '2018-10-01', 'ends before it begins'],
    ['2018-02-30', '2018-10-01', 'is no date'],
    ['yesterday', '2018-10-01', 'is no date'],
    ['2018-10-01', '2108-10-01', 'longer than ten years'],
  ])('refuses the range from %s to %s', (from, to, reason) => {
    expect(() => daysOf({ from, to })).toThrow(reason);
  });

  it('ends with the exit code of a wrong call for a range that is none', async () => {
    expect((await flyerline([...range('2018-10-03', '2018-10-01'), '--out', out])).exitCode).toBe(2);
  });

  it('writes a header alone when nobody has a view on the days there are', async () => {
    const quiet = join(dir.fresh(), 'lake');
    await publishDays(quiet, events('2018-10-01', 'ada', '10:00:00 list_flyers'));
    const target = dir.fresh();
    const args = ['export', 'user', '--from', '2018-10-01', '--to', '2018-10-01', '--lake', quiet];
    expect((await flyerline([...args, '--out', target])).exitCode).toBe(0);
    expect(await readFile(join(target, 'user.csv'), 'utf8')).toMatch(/^user_id,flyers,.*,suspect\n$/);
    expect(await read(join(target, 'user.parquet'))).toEqual([]);
  });

  it('refuses days that follow different parameters, but not those that shape no fact', async () => {
    const mixed = join(dir.fresh(), 'lake');
    await publishDays(mixed, ROWS, { days: ['2018-10-01'], params: { inactivity_timeout_s: 60 } });
    await publishDays(mixed, ROWS, { days: ['2018-10-03'], params: { k_min_users: 3 } });
    const args = [
      'export',
      'user',
      '--from',
      '2018-10-01',
      '--to',
      '2018-10-03',
      '--lake',
      mixed,
      '--out',
      out,
    ];
    const { exitCode, stderr } = await flyerline(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('different parameters');
    const alike = join(dir.fresh(), 'lake');
    await publishDays(alike, ROWS, { days: ['2018-10-01'] });
    await publishDays(alike, ROWS, { days: ['2018-10-03'], params: { k_min_users: 3 } });
    expect((await flyerline([...args.slice(0, 7), alike, ...args.slice(8)])).exitCode).toBe(0);
  });

  it('gives the same bytes in one pass and in many, on one thread and on several', async () => {
    const store = await openStore(lake, { readOnly: true });
    const checksums = async (rowsPerPass: number, threads: number) => {
      const made = await exportUser(store, {
        ...{ from: '2018-10-01', to: '2018-10-03', outDir: dir.fresh(), scratchDir: dir.fresh() },
        ...{ memoryLimitBytes: 2 ** 28, threads, rowsPerPass },
      });
      return made.tables.flatMap(({ files }) => files.map(({ sha256 }) => sha256));
    };
    const whole = await checksums(1000, 1);
    expect(await checksums(1, 1)).toEqual(whole);
    expect(await checksums(2, 3)).toEqual(whole);
    await store.close();
  });
});
