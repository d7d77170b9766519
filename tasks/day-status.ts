/** Whether late events may still change a day (R12). */
import { DateTime, IANAZone } from 'luxon';
import { afterglowMs } from './day-horizon.ts';
import type { MetricParams } from './metric-params.ts';

export type DayStatus = 'provisional' | 'final';

/** Where a day ends last; it is what counts when each event brings its own offset. */
const LAST_ZONE = 'UTC-12';

export function dayStatus(day: string, params: MetricParams, nowMs: number): DayStatus {
  const zone = IANAZone.isValidZone(params.report_tz) ? params.report_tz : LAST_ZONE;
  const endMs = DateTime.fromISO(day, { zone }).plus({ days: 1 }).startOf('day').toMillis();
  return nowMs > endMs + afterglowMs(params) + params.allowed_lateness_s * 1000 ? 'final' : 'provisional';
}
