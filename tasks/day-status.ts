/** Whether late events may still change a day (R12): a matter of when it is asked, which a run does once. */
import { DateTime, IANAZone } from 'luxon';
import { afterglowMs } from './day-horizon.ts';
import type { MetricParams } from './metric-params.ts';

export const DAY_STATUSES = ['provisional', 'final'] as const;
export type DayStatus = (typeof DAY_STATUSES)[number];

/** Where a day ends last; it is what counts when each event brings its own offset. */
const LAST_ZONE = 'UTC-12';

/** @param knownAtMs the moment up to which events can have come, epoch ms */
export function dayStatus(day: string, params: MetricParams, knownAtMs: number): DayStatus {
  const zone = IANAZone.isValidZone(params.report_tz) ? params.report_tz : LAST_ZONE;
  const endMs = DateTime.fromISO(day, { zone }).plus({ days: 1 }).startOf('day').toMillis();
  const finalAfterMs = endMs + afterglowMs(params) + params.allowed_lateness_s * 1000;
  return knownAtMs > finalAfterMs ? 'final' : 'provisional';
}
