/** Counts as people type them. */
import { describe, expect, it } from 'vitest';
import { parseCount } from '../../cli/parse-number.ts';

describe('parseCount', () => {
  it.each([
    ['0', 0],
    ['2000', 2000],
    ['20_000', 20_000],
    ['20,000', 20_000],
    ['500k', 500_000],
    ['1.5M', 1_500_000],
    [' 10m ', 10_000_000],
    ['2G', 2_000_000_000],
  ])('reads %j', (text, count) => {
    expect(parseCount(text)).toBe(count);
  });

  it.each(['', 'many', '-1', '1.5', '1e3', '10MB', '99999999999999999'])('refuses %j', (text) => {
    expect(() => parseCount(text)).toThrow('whole number');
  });
});
