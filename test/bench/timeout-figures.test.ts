/** The figures behind the plot, on a handful of events. */
import { describe, expect, it } from 'vitest';
import { timeoutChart } from '../../bench/metric/timeout-chart.ts';
import { type DayOfUsers, timeoutFigures } from '../../bench/metric/timeout-figures.ts';
import type { UserEvent } from '../../tasks/explain/user-event.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';

const at = (seconds: number, event: UserEvent['event'], flyerId: string | null = null): UserEvent => ({
  ...{ day: '2018-10-01', dayNo: 0, instantMs: seconds * 1000, localMs: seconds * 1000, event, flyerId },
  ...{ merchantId: flyerId === null ? null : '9', merchantFilled: false, suspect: false },
});

const day: DayOfUsers = {
  users: [
    [at(0, 'flyer_open', '1'), at(20, 'list_flyers')],
    [at(0, 'flyer_open', '1'), at(1000, 'flyer_open', '2'), at(1010, 'flyer_close', '2')],
  ],
  params: metricParamsSchema.parse({}),
  asOfMs: 86_400_000,
};

describe('timeoutFigures', () => {
  it('counts a silence that is not longer than the timeout', () => {
    expect(timeoutFigures(day, 1000)).toEqual({
      ...{ timeoutS: 1000, views: 3, meanS: 1030 / 3, medianS: 20, unmeasuredShare: 0 },
      longGapShare: 1000 / 1030,
    });
  });

  it('leaves it out, and its view unmeasured, when it is longer', () => {
    expect(timeoutFigures(day, 999)).toMatchObject({ views: 3, meanS: 15, medianS: 15, longGapShare: 0 });
    expect(timeoutFigures(day, 999).unmeasuredShare).toBeCloseTo(1 / 3);
  });
});

describe('timeoutChart', () => {
  it('has a point per timeout on both lines, and the limits under them', () => {
    const figures = [100, 200, 400].map((timeoutS) => ({
      ...{
        timeoutS,
        meanS: timeoutS / 2,
        medianS: 20 + timeoutS / 10,
        longGapShare: 0,
        unmeasuredShare: 0.5,
        views: 3,
      },
    }));
    const svg = timeoutChart('2018-10-01', figures, 200);
    expect(svg.match(/class="meandot"/g)).toHaveLength(3);
    expect(svg.match(/class="mediandot"/g)).toHaveLength(3);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).toContain('digit 7 became 6');
  });
});
