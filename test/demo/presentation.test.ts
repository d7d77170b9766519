/** What the demo shows, as text from plain data. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compareWithTruth } from '../../cli/demo/compare.ts';
import { dwellReport } from '../../cli/demo/dwell-report.ts';
import { countsReport, partitionsReport } from '../../cli/demo/report.ts';
import { gridNews, runGrid, shortNames } from '../../cli/demo/run-grid.ts';
import { describeTruth } from '../../cli/generate/describe-truth.ts';
import { displayWidth } from '../../cli/terminal/width.ts';
import type { Style } from '../../cli/terminal.ts';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { aRun, aTask, perfectDay, TASK_IDS } from './samples.ts';

const temp = useTempDir();
const plain = new Proxy({}, { get: () => (text: string) => text }) as Style;
const DAYS = ['2018-10-01', '2018-10-02', '2018-10-03'];
const context = (columns = 100) => ({ columns, style: plain, frame: 0 });

describe('runGrid', () => {
  it('shows a line per day and a cell per task, with state and duration', () => {
    const running = aRun(DAYS[1]!, {
      state: 'running',
      tasks: [
        aTask('ingest-drops'),
        aTask('cleanse-events', { mapIndex: 0 }),
        aTask('cleanse-events', { mapIndex: 1, state: 'running' }),
        aTask('compute-dwell', { state: 'none', durationMs: 0 }),
      ],
    });
    const runs = new Map([
      [DAYS[0]!, aRun(DAYS[0]!)],
      [DAYS[1]!, running],
    ]);
    expect(runGrid(DAYS, runs, TASK_IDS.slice(0, 3), context())).toEqual([
      '              ingest   cleanse  compute  run',
      '✓ 2018-10-01  ✓ 0.3s   ✓ 0.3s   ✓ 0.3s   2.3s',
      '⠋ 2018-10-02  ✓ 0.3s   ⠋ 1/2    ·        2.3s',
      '· 2018-10-03  ·        ·        ·',
    ]);
  });

  it('tells failed, skipped, retried and given-up tasks apart', () => {
    const tasks = [
      aTask('a', { state: 'failed' }),
      aTask('b', { state: 'upstream_failed' }),
      aTask('c', { state: 'skipped' }),
      aTask('d', { state: 'up_for_retry' }),
      aTask('e', { state: 'queued' }),
    ];
    const run = aRun(DAYS[0]!, { state: 'failed', tasks });
    const [, line] = runGrid([DAYS[0]!], new Map([[DAYS[0]!, run]]), ['a', 'b', 'c', 'd', 'e'], context());
    expect(line).toBe('✗ 2018-10-01  ✗ 0.3s   – upstr  – skip   ↻ retry  ◌        2.3s');
  });

  it.each([80, 100])('fits %i columns with all tasks', (columns) => {
    const runs = new Map(DAYS.map((day) => [day, aRun(day)]));
    for (const line of runGrid(DAYS, runs, TASK_IDS, context(columns))) {
      expect(displayWidth(line)).toBeLessThan(columns);
    }
  });

  it('names columns by the first word, or the last where that is shared', () => {
    expect(shortNames(TASK_IDS)).toEqual(
      'ingest cleanse compute build check publish parquet csv update'.split(' '),
    );
  });

  it('tells what ended since the last look, once, with the reason of a failure', () => {
    const before = aRun(DAYS[0]!, {
      tasks: [aTask('ingest-drops'), aTask('check-day', { state: 'running' })],
    });
    const error = { code: 'FL_CHECK_FAILED', message: 'completeness: 3 rows are missing' };
    const after = aRun(DAYS[0]!, {
      tasks: [aTask('ingest-drops'), aTask('check-day', { state: 'failed', error })],
    });
    expect(gridNews(before, after, context())).toEqual([
      '✗ 0.3s  2018-10-01  check-day  completeness: 3 rows are missing',
    ]);
    expect(gridNews(after, after, context())).toEqual([]);
  });
});

describe('the reports', () => {
  let truth: Truth;
  beforeAll(async () => {
    truth = await generateDrops({ out: temp.fresh(), days: 3, users: 400, seed: 5 });
  });

  it.each([80, 100])('fit %i columns', (columns) => {
    const comparison = compareWithTruth(
      truth,
      DAYS.map((day) => perfectDay(truth, day, 11)),
    );
    const partitions = DAYS.map((day) => ({
      table: 'user_flyer_day',
      day,
      rowCount: 12_345,
      exportedSize: 1e6,
    }));
    const text = [
      partitionsReport(partitions, context(columns)),
      countsReport(comparison, context(columns)),
      dwellReport(comparison, context(columns)),
      describeTruth(truth, { dropsPath: 'data/drops', truthPath: 'data/truth.json', columns }),
    ].join('\n');
    const long = text
      .split('\n')
      .filter((line) => displayWidth(line) > columns && !line.includes('./flyerline'));
    expect(long).toEqual([]);
  });

  it('show a figure that differs next to the one that was expected', () => {
    const day = perfectDay(truth, DAYS[0]!);
    const wrong = { ...day, dq: { ...day.dq, rows_dropped_duplicate: 0 } };
    const text = countsReport(compareWithTruth(truth, [wrong]), context());
    expect(text).toMatch(/^duplicates dropped +0, \d+ ✗$/m);
    expect(text).toContain('✗ 1 of 11 figures differ');
  });

  it('put many days into one column where the terminal is too narrow for each', () => {
    const text = countsReport(
      compareWithTruth(
        truth,
        DAYS.map((day) => perfectDay(truth, day)),
      ),
      context(60),
    );
    expect(text).toMatch(/^ +all 3 days$/m);
    const rows = truth.days.slice(0, 3).reduce((sum, day) => sum + day.rows_read, 0);
    expect(text).toContain(`${rows.toLocaleString('en-US')} ✓`);
  });

  it('say why there is nothing to compare when every merchant is hidden', () => {
    const hidden = compareWithTruth(truth, [perfectDay(truth, DAYS[0]!, Number.POSITIVE_INFINITY)]);
    expect(dwellReport(hidden, context())).toContain('More --users');
  });

  it('mark the true mean in the bar of the measured one', () => {
    const text = dwellReport(
      compareWithTruth(
        truth,
        DAYS.map((day) => perfectDay(truth, day)),
      ),
      context(),
    );
    const rows = text.split('\n').filter((line) => line.includes('┃') && line.includes('%'));
    expect(rows).toHaveLength(12);
  });
});
