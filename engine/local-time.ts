/** Days of a time zone: when they begin, and on which one an instant falls. Days have 23, 23.5, 24, 24.5 or 25 hours. */
import { DateTime } from 'luxon';

/**
 * The first instant of a local day, epoch ms. Where the clock skips midnight that is 01:00; where midnight comes twice, the
 * first one (luxon picks the second, and the hour between would belong to no day).
 */
export function startOfDayMs(day: string, timezone: string): number {
  const start = DateTime.fromISO(day, { zone: timezone }).startOf('day');
  const justBefore = start.minus(1);
  if (justBefore.toISODate() !== day) return start.toMillis();
  return start.toMillis() - (justBefore.offset - start.offset) * 60_000;
}

/** The local date of an instant, `YYYY-MM-DD`. */
export function dayOf(instantMs: number, timezone: string): string {
  return DateTime.fromMillis(instantMs, { zone: timezone }).toISODate()!;
}

/** `2018-10-01` + 1 = `2018-10-02`: calendar arithmetic, no time zone. */
export function addDays(day: string, count: number): string {
  return DateTime.fromISO(day, { zone: 'utc' }).plus({ days: count }).toISODate()!;
}

/** `2018-10-01T00:00:00-04:00`; milliseconds only where there are any. */
export function localIso(instantMs: number, timezone: string): string {
  return DateTime.fromMillis(instantMs, { zone: timezone }).toISO({ suppressMilliseconds: true })!;
}
