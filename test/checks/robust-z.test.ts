/** Median and median deviation: what is usual, and how far a figure is from it. */
import { expect, it } from 'vitest';
import { robustZ } from '../../tasks/checks/robust-z.ts';

it('is not moved by one wild day among those before', () => {
  const { median, zScore } = robustZ(130, [100, 102, 98, 104, 9_000, 96, 101], 1)!;
  expect(median).toBe(101);
  // |x − 101| = 1 1 3 3 5 8899 0: the median is 3.
  expect(zScore).toBeCloseTo((130 - 101) / Math.max(3 * 1.4826, 101 * 0.05), 10);
});

it('takes a steady series for usual within a share of it, and never less than the floor', () => {
  expect(robustZ(1_100, [1_000, 1_000, 1_000, 1_000], 1)?.zScore).toBeCloseTo(2, 10);
  expect(robustZ(1, [0, 0, 0, 0], 0.5)?.zScore).toBe(2);
});

it('says nothing of fewer than four days', () => {
  expect(robustZ(1, [1, 1, 1], 1)).toBeUndefined();
});
