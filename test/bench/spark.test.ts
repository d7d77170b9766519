/** `bench spark`: whatever a reader sees wrong is found, and a machine without Spark is told so. */
import { describe, expect, it } from 'vitest';
import { compareTable, DAY } from '../../bench/spark/compare-table.ts';
import type { SparkResult, SparkSeen, WantedTable } from '../../bench/spark/result.ts';
import { describeSpark } from '../../bench/spark/run-spark.ts';
import { describeEnvironment } from '../../bench/support/environment.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

const days = { '2018-10-01': [5, 10, 1], [DAY]: [3, 3, 1] };
const wanted: WantedTable = {
  version: 13,
  days,
  columns: [['id', 'bigint', false]],
  past: { '12': days },
};
const seen: SparkSeen = {
  ...{ version: 13, spark: '4', delta: 'delta', readMs: 1, days, oneDay: { [DAY]: days[DAY]! } },
  ...{ columns: [['id', 'bigint', false]], past: { '12': days }, snippetRows: 8 },
};

describe('bench spark', () => {
  it('finds nothing wrong in what is the same', () => {
    expect(compareTable(seen, wanted).filter(({ ok }) => !ok)).toEqual([]);
  });

  it.each<[string, Partial<SparkSeen>]>([
    ['the version', { version: 12 }],
    ['the columns, their types and which may be NULL', { columns: [['id', 'int', false]] }],
    ['rows, sums and NULLs of every day', { days: { ...days, '2018-10-01': [5, 11, 1] } }],
    ['one day alone', { oneDay: days }],
    ['version 12', { past: {} }],
    ['the rows of the ready-made snippet', { snippetRows: 5 }],
  ])('finds a difference in %s', (what, change) => {
    const wrong = compareTable({ ...seen, ...change }, wanted).filter(({ ok }) => !ok);
    expect(wrong.map((finding) => finding.what)).toEqual([what]);
  });

  it('says why Spark is not available', () => {
    const environment = describeEnvironment(PROJECT_ROOT);
    const result: SparkResult = { benchmark: 'spark', environment, commits: 12, findings: [] };
    expect(describeSpark({ ...result, unavailable: 'Java is not installed' })).toContain(
      'Spark is not available: Java is not installed.',
    );
  });
});
