/** Numbers, tables and widths as people see them. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { displayWidth, padEnd, padStart, truncate } from '../../cli/terminal/width.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  styleFor,
  table,
} from '../../cli/terminal.ts';

describe('numbers', () => {
  it.each([
    [0, '<1 ms'],
    [42.4, '42 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1234, '1.2 s'],
    [59_949, '59.9 s'],
    [59_951, '1m 00s'],
    [95_000, '1m 35s'],
    [3_599_600, '1h 00m'],
    [7_500_000, '2h 05m'],
    [100_000_000, '1d 04h'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10_240, '10 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [240_000_000, '229 MiB'],
    [5 * 1024 ** 5, '5.0 PiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('counts have thousands separators, shares a per cent sign', () => {
    expect([formatCount(20723), formatCount(12_345_678_901n), formatShare(0.1234)]).toEqual([
      '20,723',
      '12,345,678,901',
      '12.3 %',
    ]);
  });
});

describe('a table', () => {
  const rows = [
    { name: 'user_day', count: 1234 },
    { name: 'dq', count: undefined },
  ];
  const plain = styleFor(new PassThrough());

  it('aligns its columns and shows what is missing', () => {
    const text = table(
      rows,
      [
        { header: 'table', value: ({ name }) => name },
        { header: 'rows', value: ({ count }) => count, align: 'right' },
      ],
      plain,
    );
    expect(text).toBe('table     rows\nuser_day  1234\ndq           –');
  });
});

describe('widths', () => {
  it.each([
    ['plain', 5],
    ['\x1b[31mred\x1b[39m', 3],
    ['✓ –', 3],
    ['日本', 4],
    ['é', 1],
    ['🚀', 2],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it('pads and cuts by columns, not by characters', () => {
    expect(padEnd('日本', 6)).toBe('日本  ');
    expect(padStart('\x1b[31m7\x1b[39m', 3)).toBe('  \x1b[31m7\x1b[39m');
    expect(truncate('日本語', 5)).toBe('日本…');
    expect(truncate('fits', 4)).toBe('fits');
  });
});
