/** The calendar on a terminal: signs that tell states apart without colours, days in columns, weeks apart. */
import { expect, it } from 'vitest';
import { calendarText } from '../../cli/partitions/calendar-text.ts';
import type { Assessment } from '../../engine/partition-state.ts';
import { daysBetween } from '../../tasks/partitions/partition-facts.ts';

const fresh = (day: string, asset = 'user_day'): Assessment => ({
  asset,
  day,
  state: 'fresh',
  reason: '',
  finality: 'final',
});

it('shows a line a month and the worst of a day', () => {
  const days = daysBetween('2018-09-28', '2018-10-05');
  const text = calendarText([
    ...days.map((day) => fresh(day)),
    { ...fresh('2018-09-29', 'flyer_day'), state: 'stale-input' },
    { ...fresh('2018-10-02', 'flyer_day'), state: 'missing' },
    { ...fresh('2018-10-03', 'flyer_day'), finality: 'provisional' },
    { ...fresh('2018-10-04', 'flyer_day'), state: 'failed' },
  ]);
  expect(text.split('\n').slice(1)).toEqual([
    // 28 September 2018 is a Friday, in the fifth week from Monday the 3rd; 1 October is a Monday.
    `2018-09  ${' '.repeat(31)}■!■`,
    '2018-10  ■·□✗■',
    '',
    '■ 4 fresh   □ 1 fresh, provisional   ! 1 stale-input   ✗ 1 failed   · 1 missing',
  ]);
});
