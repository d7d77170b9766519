/** What the demo holds against the generator's truth. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compareWithTruth } from '../../cli/demo/compare.ts';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { perfectDay } from './samples.ts';

const temp = useTempDir();
const DAYS = ['2018-10-01', '2018-10-02'];

describe('compareWithTruth', () => {
  let truth: Truth;
  beforeAll(async () => {
    truth = await generateDrops({ out: temp.fresh(), days: 2, users: 300, seed: 5 });
  });
  const perfect = (suppressedBelow = 0) => DAYS.map((day) => perfectDay(truth, day, suppressedBelow));

  it('is content with a pipeline that finds what the events say', () => {
    const comparison = compareWithTruth(truth, perfect());
    expect(comparison).toMatchObject({ ok: true, merchantDaysHidden: 0 });
    expect(comparison.merchantDaysExact).toBe(comparison.merchantDays);
    expect(comparison.correlation).toBeGreaterThan(0.99);
    expect(comparison.counts).toHaveLength(22);
  });

  it('leaves out merchants that k-anonymity hides, and is content all the same', () => {
    const comparison = compareWithTruth(truth, perfect(40));
    expect(comparison.ok).toBe(true);
    expect(comparison.merchantDaysHidden).toBeGreaterThan(0);
    expect(comparison.merchants.length).toBeLessThan(truth.merchants.length);
  });

  it('finds a row too many, with its day and both figures', () => {
    const [first, second] = perfect();
    const wrong = { ...second!, dq: { ...second!.dq, rows_read: second!.dq.rows_read! + 1 } };
    const comparison = compareWithTruth(truth, [first!, wrong]);
    expect(comparison.ok).toBe(false);
    expect(comparison.counts.filter(({ ok }) => !ok)).toEqual([
      {
        day: DAYS[1],
        what: 'rows read',
        expected: truth.days[1]!.rows_read,
        found: truth.days[1]!.rows_read + 1,
        ok: false,
      },
    ]);
  });

  it('finds a merchant whose dwell is off by a millisecond', () => {
    const [first, second] = perfect();
    const [merchant, ...others] = first!.merchants;
    const wrong = {
      ...first!,
      merchants: [{ ...merchant!, dwell_s: merchant!.dwell_s! + 0.001 }, ...others],
    };
    const comparison = compareWithTruth(truth, [wrong, second!]);
    expect(comparison.ok).toBe(false);
    expect(comparison.merchantDaysExact).toBe(comparison.merchantDays - 1);
  });

  it('finds a merchant that is missing, or that nobody knows', () => {
    const [first] = perfect();
    const [merchant, ...others] = first!.merchants;
    const missing = compareWithTruth(truth, [{ ...first!, merchants: others }]);
    expect(missing).toMatchObject({ ok: false, merchantDaysHidden: 0, merchantDaysExact: others.length });
    const invented = { ...merchant!, merchant_id: 'nobody' };
    expect(compareWithTruth(truth, [{ ...first!, merchants: [...first!.merchants, invented] }]).ok).toBe(
      false,
    );
  });

  it('takes a count that the pipeline does not report as zero', () => {
    const [first] = perfect();
    const comparison = compareWithTruth(truth, [{ ...first!, dq: {} }]);
    expect(comparison.counts.find(({ what }) => what === 'events kept')).toMatchObject({
      found: 0,
      ok: false,
    });
  });
});
