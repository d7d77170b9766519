/** Data intervals: golden tests on days when clocks change, then the rules of catch-up, start, end and run ids. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, startOfDayMs } from '../../engine/local-time.ts';
import {
  dueIntervals,
  intervalOfDay,
  intervalsBetween,
  nextInterval,
  runIdFor,
  type ScheduleOptions,
} from '../../engine/schedule.ts';

const HOUR_MS = 3_600_000;

const nightly = (timezone: string, schedule = '15 3 * * *'): ScheduleOptions => ({
  schedule,
  timezone,
  dataInterval: 'previous-day',
});

/** `start / end / due / hours` of the days around a change of the clock, as one reads them there. */
function days(options: ScheduleOptions, fromDay: string, toDay: string): readonly string[] {
  return intervalsBetween(options, { fromDay, toDay, max: 100 }).map(
    ({ startMs, endMs, startIso, endIso, runAfterMs }) =>
      `${startIso} / ${endIso} / ${new Date(runAfterMs).toISOString()} / ${(endMs - startMs) / HOUR_MS} h`,
  );
}

describe('the previous day, where clocks change', () => {
  it('has 23 hours in Toronto in spring, and a tick in the missing hour comes just after it', () => {
    expect(days(nightly('America/Toronto', '15 2 * * *'), '2026-03-06', '2026-03-08')).toEqual([
      '2026-03-06T00:00:00-05:00 / 2026-03-07T00:00:00-05:00 / 2026-03-07T07:15:00.000Z / 24 h',
      '2026-03-07T00:00:00-05:00 / 2026-03-08T00:00:00-05:00 / 2026-03-08T07:00:00.000Z / 24 h',
      '2026-03-08T00:00:00-05:00 / 2026-03-09T00:00:00-04:00 / 2026-03-09T06:15:00.000Z / 23 h',
    ]);
  });

  it('has 25 hours in Toronto in autumn, and a tick in the hour that comes twice comes once', () => {
    expect(days(nightly('America/Toronto', '30 1 * * *'), '2026-10-31', '2026-11-01')).toEqual([
      '2026-10-31T00:00:00-04:00 / 2026-11-01T00:00:00-04:00 / 2026-11-01T05:30:00.000Z / 24 h',
      '2026-11-01T00:00:00-04:00 / 2026-11-02T00:00:00-05:00 / 2026-11-02T06:30:00.000Z / 25 h',
    ]);
  });

  it('begins at 01:00 in Santiago when midnight does not exist, and @daily ticks then', () => {
    expect(days(nightly('America/Santiago', '@daily'), '2025-09-05', '2025-09-08')).toEqual([
      '2025-09-05T00:00:00-04:00 / 2025-09-06T00:00:00-04:00 / 2025-09-06T04:00:00.000Z / 24 h',
      '2025-09-06T00:00:00-04:00 / 2025-09-07T01:00:00-03:00 / 2025-09-07T04:00:00.000Z / 24 h',
      '2025-09-07T01:00:00-03:00 / 2025-09-08T00:00:00-03:00 / 2025-09-08T03:00:00.000Z / 23 h',
      '2025-09-08T00:00:00-03:00 / 2025-09-09T00:00:00-03:00 / 2025-09-09T03:00:00.000Z / 24 h',
    ]);
  });

  it('has 25 hours in Santiago when the hour before midnight comes twice', () => {
    expect(days(nightly('America/Santiago', '@daily'), '2026-04-04', '2026-04-05')).toEqual([
      '2026-04-04T00:00:00-03:00 / 2026-04-05T00:00:00-04:00 / 2026-04-05T04:00:00.000Z / 25 h',
      '2026-04-05T00:00:00-04:00 / 2026-04-06T00:00:00-04:00 / 2026-04-06T04:00:00.000Z / 24 h',
    ]);
  });

  it('begins at 01:00 in Cairo in spring, and has 25 hours in autumn', () => {
    expect(days(nightly('Africa/Cairo', '@daily'), '2025-04-24', '2025-04-25')).toEqual([
      '2025-04-24T00:00:00+02:00 / 2025-04-25T01:00:00+03:00 / 2025-04-24T22:00:00.000Z / 24 h',
      '2025-04-25T01:00:00+03:00 / 2025-04-26T00:00:00+03:00 / 2025-04-25T21:00:00.000Z / 23 h',
    ]);
    expect(days(nightly('Africa/Cairo', '@daily'), '2025-10-30', '2025-10-31')).toEqual([
      '2025-10-30T00:00:00+03:00 / 2025-10-31T00:00:00+02:00 / 2025-10-30T22:00:00.000Z / 25 h',
      '2025-10-31T00:00:00+02:00 / 2025-11-01T00:00:00+02:00 / 2025-10-31T22:00:00.000Z / 24 h',
    ]);
  });

  it('has 23.5 and 24.5 hours on Lord Howe, where the clock moves by half an hour', () => {
    expect(days(nightly('Australia/Lord_Howe'), '2025-10-05', '2025-10-05')).toEqual([
      '2025-10-05T00:00:00+10:30 / 2025-10-06T00:00:00+11:00 / 2025-10-05T16:15:00.000Z / 23.5 h',
    ]);
    expect(days(nightly('Australia/Lord_Howe'), '2026-04-05', '2026-04-05')).toEqual([
      '2026-04-05T00:00:00+11:00 / 2026-04-06T00:00:00+10:30 / 2026-04-05T16:45:00.000Z / 24.5 h',
    ]);
  });

  it('keeps the quarter of an hour of Kathmandu', () => {
    expect(days(nightly('Asia/Kathmandu'), '2026-01-01', '2026-01-01')).toEqual([
      '2026-01-01T00:00:00+05:45 / 2026-01-02T00:00:00+05:45 / 2026-01-01T21:30:00.000Z / 24 h',
    ]);
  });

  it('begins at the first of two midnights in Havana', () => {
    expect(days(nightly('America/Havana', '@daily'), '2025-11-01', '2025-11-02')).toEqual([
      '2025-11-01T00:00:00-04:00 / 2025-11-02T00:00:00-04:00 / 2025-11-02T04:00:00.000Z / 24 h',
      '2025-11-02T00:00:00-04:00 / 2025-11-03T00:00:00-05:00 / 2025-11-03T05:00:00.000Z / 25 h',
    ]);
  });

  it('leaves out the day that Apia left out', () => {
    expect(days(nightly('Pacific/Apia', '@daily'), '2011-12-29', '2011-12-31')).toEqual([
      '2011-12-29T00:00:00-10:00 / 2011-12-31T00:00:00+14:00 / 2011-12-30T10:00:00.000Z / 24 h',
      '2011-12-31T00:00:00+14:00 / 2012-01-01T00:00:00+14:00 / 2011-12-31T10:00:00.000Z / 24 h',
    ]);
  });
});

const ZONES = [
  'America/Toronto',
  'America/Santiago',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Havana',
  'Europe/Berlin',
] as const;

describe('every so many minutes, where clocks change', () => {
  const starts = (from: string, count: number) => {
    const options = { schedule: '*/30 1-2 * * *', timezone: 'America/Toronto' };
    const found: string[] = [];
    for (let at = Date.parse(from); found.length < count; ) {
      const interval = nextInterval(options, at)!;
      found.push(interval.startIso);
      at = interval.endMs;
    }
    return found;
  };

  it('has no ticks in the missing hour, and intervals without a gap', () => {
    expect(starts('2019-03-10T00:00:00-05:00', 3)).toEqual([
      '2019-03-10T01:00:00-05:00',
      '2019-03-10T01:30:00-05:00',
      '2019-03-11T01:00:00-04:00',
    ]);
  });

  it('has ticks twice in the hour that comes twice', () => {
    expect(starts('2019-11-03T00:00:00-04:00', 5)).toEqual([
      '2019-11-03T01:00:00-04:00',
      '2019-11-03T01:30:00-04:00',
      '2019-11-03T01:00:00-05:00',
      '2019-11-03T01:30:00-05:00',
      '2019-11-03T02:00:00-05:00',
    ]);
  });
});

describe('intervals of a year, in every zone', () => {
  it.each(ZONES)('cover each instant of %s exactly once, day by day', (timezone) => {
    const year = intervalsBetween(nightly(timezone, '@daily'), {
      fromDay: '2025-01-01',
      toDay: '2025-12-31',
      max: 400,
    });
    expect(year).toHaveLength(365);
    year.forEach((interval, index) => {
      if (index > 0) expect(interval.startMs).toBe(year[index - 1]!.endMs);
      expect(dayOf(interval.startMs, timezone)).toBe(interval.day);
      expect(dayOf(interval.endMs - 1, timezone)).toBe(interval.day);
      expect(startOfDayMs(interval.day, timezone)).toBe(interval.startMs);
      expect(interval.runAfterMs).toBeGreaterThanOrEqual(interval.endMs);
    });
  });

  it('follow each other without gap or overlap for any schedule between ticks', () => {
    const schedules = fc.constantFrom(
      '@hourly',
      '*/20 * * * *',
      '0 */6 * * *',
      '15 0,12 * * *',
      '30 2 * * *',
      '0 0 * * 1-5',
      '@weekly',
    );
    const startMs = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2026, 11, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), schedules, startMs, (timezone, schedule, fromMs) => {
        const options: ScheduleOptions = { schedule, timezone, dataInterval: 'cron' };
        let covered = fromMs;
        for (let n = 0; n < 30; n += 1) {
          const interval = nextInterval(options, covered)!;
          expect(interval.startMs).toBeGreaterThanOrEqual(covered);
          if (n > 0) expect(interval.startMs).toBe(covered);
          expect(interval.runAfterMs).toBe(interval.endMs);
          const latest = dueIntervals(options, { nowMs: interval.endMs, max: 1 });
          expect(latest).toEqual([interval]);
          covered = interval.endMs;
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('dueIntervals', () => {
  const options: ScheduleOptions = { ...nightly('America/Toronto'), startDate: '2018-10-01', catchup: true };
  const at = (iso: string) => Date.parse(iso);

  it('catches up from the start date, oldest first, as many as asked for', () => {
    const due = (max: number) =>
      dueIntervals(options, { nowMs: at('2018-10-04T12:00:00Z'), max }).map(({ day }) => day);
    expect(due(10)).toEqual(['2018-10-01', '2018-10-02', '2018-10-03']);
    expect(due(2)).toEqual(['2018-10-01', '2018-10-02']);
  });

  it('waits for the tick: the day before is not due until 03:15', () => {
    const due = (iso: string) => dueIntervals(options, { nowMs: at(iso), max: 10 }).map(({ day }) => day);
    expect(due('2018-10-02T07:14:59Z')).toEqual([]);
    expect(due('2018-10-02T07:15:00Z')).toEqual(['2018-10-01']);
  });

  it('goes on where the latest run ended, also after an outage', () => {
    const coveredUntilMs = intervalOfDay(options, '2018-10-02').endMs;
    const due = dueIntervals(options, { nowMs: at('2018-10-06T12:00:00Z'), coveredUntilMs, max: 10 });
    expect(due.map(({ day }) => day)).toEqual(['2018-10-03', '2018-10-04', '2018-10-05']);
    expect(dueIntervals(options, { nowMs: at('2018-10-03T12:00:00Z'), coveredUntilMs, max: 10 })).toEqual([]);
  });

  it('skips what was missed when catch-up is off, and runs the latest', () => {
    const skipping = { ...options, catchup: false };
    const coveredUntilMs = intervalOfDay(options, '2018-10-02').endMs;
    const due = dueIntervals(skipping, { nowMs: at('2018-10-06T12:00:00Z'), coveredUntilMs, max: 10 });
    expect(due.map(({ day }) => day)).toEqual(['2018-10-05']);
  });

  it('ends with the end date, however late it is', () => {
    const ending = { ...options, endDate: '2018-10-02' };
    const late = { nowMs: at('2019-05-01T00:00:00Z'), max: 10 };
    expect(dueIntervals(ending, late).map(({ day }) => day)).toEqual(['2018-10-01', '2018-10-02']);
    expect(dueIntervals({ ...ending, catchup: false }, late).map(({ day }) => day)).toEqual(['2018-10-02']);
    const hourly: ScheduleOptions = { schedule: '@hourly', endDate: '2018-10-02', timezone: 'UTC' };
    expect(dueIntervals(hourly, late).map(({ startIso }) => startIso)).toEqual(['2018-10-02T23:00:00Z']);
  });

  it('takes the latest interval of a DAG that has neither run nor a start date', () => {
    const { startDate: _start, ...fresh } = options;
    expect(dueIntervals(fresh, { nowMs: at('2018-10-06T12:00:00Z'), max: 10 }).map(({ day }) => day)).toEqual(
      ['2018-10-05'],
    );
  });

  it('has nothing for a DAG without a schedule', () => {
    expect(dueIntervals({ schedule: null }, { nowMs: 0, max: 1 })).toEqual([]);
    expect(nextInterval({ schedule: null }, 0)).toBeUndefined();
  });

  it('makes one run of a day, however often the schedule ticks in it', () => {
    const twice = { ...options, schedule: '0 3,15 * * *' };
    const due = dueIntervals(twice, { nowMs: at('2018-10-04T23:00:00Z'), max: 10 });
    expect(due.map(({ day }) => day)).toEqual(['2018-10-01', '2018-10-02', '2018-10-03']);
    expect(due.map(({ runAfterMs }) => new Date(runAfterMs).toISOString())).toEqual([
      '2018-10-02T07:00:00.000Z',
      '2018-10-03T07:00:00.000Z',
      '2018-10-04T07:00:00.000Z',
    ]);
  });
});

describe('runs by hand', () => {
  it('are about the day they name', () => {
    const interval = intervalOfDay(nightly('America/Toronto'), '2018-11-04');
    expect([interval.startIso, interval.endIso]).toEqual([
      '2018-11-04T00:00:00-04:00',
      '2018-11-05T00:00:00-05:00',
    ]);
    expect(runIdFor('manual', interval)).toBe('manual__2018-11-04T00:00:00-04:00');
  });

  it('are about whole days, too, when the DAG has no schedule', () => {
    const options: ScheduleOptions = { schedule: null, timezone: 'Asia/Kathmandu' };
    expect(intervalOfDay(options, '2018-10-01').startIso).toBe('2018-10-01T00:00:00+05:45');
    expect(intervalsBetween(options, { fromDay: '2018-10-01', toDay: '2018-10-03', max: 2 })).toHaveLength(2);
  });

  it('say which interval is next when none begins on the day', () => {
    const weekly: ScheduleOptions = { schedule: '@weekly', timezone: 'UTC' };
    expect(intervalOfDay(weekly, '2018-10-07').endIso).toBe('2018-10-14T00:00:00Z');
    expect(() => intervalOfDay(weekly, '2018-10-01')).toThrow(
      'Schedule "@weekly" has no interval that begins on 2018-10-01; the next one begins on 2018-10-07.',
    );
  });
});
