/** The times around a day that the rules look at (R12). */
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

/** The last local time in the day's horizon, as if UTC, epoch ms. */
export function horizonEndMs(day: string, params: MetricParams): number {
  return dayStartMs(day) + DAY_MS + afterglowMs(params);
}
