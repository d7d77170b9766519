/** When a day is final (R12), and what the data-quality table says of a clock. */
import { describe, expect, it } from 'vitest';
import { dayStatus } from '../../tasks/day-status.ts';
import { dqChecks } from '../../tasks/dq-checks.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';

describe('dayStatus', () => {
  // 2 h cap + 30 min timeout + 24 h lateness after the end of the day.
  it.each([
    // The last midnight on earth is at UTC-12.
    ['event', '2018-10-03T14:30:00Z', 'provisional'],
    ['event', '2018-10-03T14:30:00.001Z', 'final'],
    ['America/Toronto', '2018-10-03T06:30:00Z', 'provisional'],
    ['America/Toronto', '2018-10-03T06:30:00.001Z', 'final'],
  ])('of 1 October in zone %s at %s is %s', (report_tz, now, status) => {
    expect(dayStatus('2018-10-01', metricParamsSchema.parse({ report_tz }), Date.parse(now))).toBe(status);
  });

  it('knows days of 25 hours', () => {
    const params = metricParamsSchema.parse({ report_tz: 'America/Toronto' });
    expect(dayStatus('2018-11-04', params, Date.parse('2018-11-06T07:30:00Z'))).toBe('provisional');
    expect(dayStatus('2018-11-04', params, Date.parse('2018-11-06T07:30:01Z'))).toBe('final');
  });
});

describe('dqChecks', () => {
  it('names the digits that no clock shows, and the hours in which nothing happens', () => {
    const checks = dqChecks({
      events_kept: 40,
      events_in_hour_8: 30,
      events_in_hour_19: 10,
      ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 8, 9].map((digit) => [`second_digit_seen_${digit}`, 2])),
      ...Object.fromEntries(Array.from({ length: 10 }, (_, digit) => [`minute_digit_seen_${digit}`, 1])),
      'events_at_utc_offset_min_-240': 40,
    });
    expect(checks).toMatchObject({
      hours_without_events: 22,
      busiest_hour_share_ppm: 750_000,
      second_digits_never_seen: 1,
      second_digit_7_never_seen: 1,
      minute_digits_never_seen: 0,
      hour_digits_never_seen: 8,
      utc_offsets_seen: 1,
      'events_at_utc_offset_min_-240': 40,
    });
    expect(checks).not.toHaveProperty('second_digit_6_never_seen');
    expect(Object.keys(checks).filter((name) => /_seen_\d|_in_hour_/.test(name))).toEqual([]);
  });

  it('gives the share of late rows only where rows say when they were received', () => {
    expect(dqChecks({})).not.toHaveProperty('late_share_ppm');
    expect(dqChecks({ rows_with_received_at: 8, rows_received_late: 1 }).late_share_ppm).toBe(125_000);
  });
});
