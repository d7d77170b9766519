/** The times around a day that the rules look at (R12). */
import { DateTime } from 'luxon';
import type { MetricParams } from './metric-params.ts';

export const DAY_MS = 86_400_000;

/** Midnight of the day as if UTC, epoch ms: what `local_ms` of its first moment is. */
export function dayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** How long after the end of a day its views may still go on, ms. */
export function afterglowMs(params: MetricParams): number {
  return Math.round((params.max_view_s + params.inactivity_timeout_s) * 1000);
}

/**
 * The last local time in the day's horizon, as if UTC, epoch ms. Where clocks are put forward in the night after the day, or its midnight
 * does not exist, that is later by the hour that is skipped: views have all of their time. (Where they are put back, an hour more is read.)
 */
export function horizonEndMs(day: string, params: MetricParams): number {
  const endMs = dayStartMs(day) + DAY_MS + afterglowMs(params);
  if (params.report_tz === 'event') return endMs;
  const midnight = DateTime.fromISO(day, { zone: params.report_tz }).plus({ days: 1 }).startOf('day');
  const end = midnight.plus({ milliseconds: afterglowMs(params) });
  return Math.max(endMs, end.toMillis() + end.offset * 60_000);
}
