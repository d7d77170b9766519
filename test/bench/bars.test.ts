/** The project's promises are judged by what was measured, and only when it was. */
import { describe, expect, it } from 'vitest';
import { judge } from '../../bench/compute/bars.ts';
import type { ContenderResult, DatasetResult } from '../../bench/compute/result.ts';

const GIB = 1024 ** 3;

function contender(name: string, wallMs: number, peakRssBytes = GIB): ContenderResult {
  const figures = { wallMs, cpuMs: wallMs, peakRssBytes, bytesWritten: 0 };
  return { name, note: '', state: 'ok', runs: [figures], figures };
}

function day(millions: number, contenders: readonly ContenderResult[]): DatasetResult {
  const events = millions * 1_000_000;
  const dataset = {
    events,
    rowCount: events,
    format: 'csv',
    day: '2018-10-01',
    dropCount: 24,
    bytes: 1,
  } as const;
  return { dataset, contenders };
}

const verdicts = (...args: Parameters<typeof judge>) =>
  judge(...args).map(({ title, isMet }) => [title, isMet]);

describe('the bars', () => {
  it('hold Flyerline against its peers from 10 M events on', () => {
    const contenders = [
      contender('flyerline', 10_000),
      contender('duckdb', 8_000),
      contender('node', 99_000),
      contender('pyspark', 50_000),
    ];
    expect(verdicts([day(1, contenders)], undefined)).toEqual([]);
    expect(verdicts([day(10, contenders)], undefined)).toEqual([
      ['10 M csv: the whole day ÷ the bare DuckDB script', true],
      ['10 M csv: pyspark ÷ the whole day', true],
      ['10 M csv: node ÷ the whole day', false],
    ]);
  });

  it('do not count a peer that found something else', () => {
    const wrong = { ...contender('duckdb', 20_000), state: 'different' } as const;
    expect(verdicts([day(10, [contender('flyerline', 10_000), wrong])], undefined)).toEqual([]);
  });

  it('ask for bounded memory and linear growth at 50 M events', () => {
    const small = day(10, [contender('flyerline', 10_000)]);
    const tight = contender('flyerline 512 MiB', 90_000);
    expect(verdicts([small, day(50, [contender('flyerline', 56_000, 1.4 * GIB), tight])], undefined)).toEqual(
      [
        ['50 M csv: largest process, limit 1 GiB', true],
        ['50 M csv: works with a limit of 512 MiB', true],
        ['csv: 50 M events ÷ 10 M events', false],
      ],
    );
    const failed = { ...tight, state: 'failed' } as const;
    expect(verdicts([day(50, [contender('flyerline', 1, 1.6 * GIB), failed])], undefined)).toEqual([
      ['50 M csv: largest process, limit 1 GiB', false],
      ['50 M csv: works with a limit of 512 MiB', false],
    ]);
  });

  it('ask for a small day in less than two seconds', () => {
    const times = { state: 'ok', input: 'the real day', runs: 5, warmLakeMs: 1, nothingToDoMs: 1 } as const;
    expect(verdicts([], { ...times, emptyLakeMs: 1_900 })).toEqual([
      ['the real day: from start to exported', true],
    ]);
    expect(verdicts([], { ...times, emptyLakeMs: 2_100 })[0]![1]).toBe(false);
  });
});
