/** Time zones as the generator needs them: one local day at a time, with its midnights and its change of offset, if any. */
import { DateTime } from 'luxon';
import { FlyerlineError } from '../../infra/errors.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A zone during one local day and the hours after it, in which a session may still go on. */
export interface ZoneDay {
  readonly zone: string;
  /** The instant of local midnight, and of the next one: 23, 24 or 25 hours later. */
  readonly startMs: number;
  readonly endMs: number;
  /** Offset from UTC until `switchMs`, and from then on. */
  readonly offsetMs: number;
  readonly nextOffsetMs: number;
  /** Infinity when the offset does not change. */
  readonly switchMs: number;
}

/** Sessions run at most this long past their day's end. */
const AFTERMATH_HOURS = 4;

/** @param day Days since 1970-01-01. */
export function zoneDay(zone: string, day: number): ZoneDay {
  const startMs = localMidnightMs(zone, day);
  const endMs = localMidnightMs(zone, day + 1);
  const offsetMs = offsetAt(zone, startMs);
  // Offsets change on the hour or half hour, so probing finds the very instant.
  for (let probe = startMs; probe < endMs + AFTERMATH_HOURS * HOUR_MS; probe += HOUR_MS / 2) {
    const nextOffsetMs = offsetAt(zone, probe);
    if (nextOffsetMs !== offsetMs) return { zone, startMs, endMs, offsetMs, nextOffsetMs, switchMs: probe };
  }
  return { zone, startMs, endMs, offsetMs, nextOffsetMs: offsetMs, switchMs: Number.POSITIVE_INFINITY };
}

export function offsetIn(zoneDay: ZoneDay, instantMs: number): number {
  return instantMs < zoneDay.switchMs ? zoneDay.offsetMs : zoneDay.nextOffsetMs;
}

/** The offset of a zone at an instant, ms. */
export function offsetAt(zone: string, instantMs: number): number {
  return DateTime.fromMillis(instantMs, { zone }).offset * 60_000;
}

/** `2018-10-01` → days since 1970-01-01. Throws FL_USAGE. */
export function parseDay(text: string): number {
  const instant = DateTime.fromISO(text, { zone: 'utc' });
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && instant.isValid) return instant.toMillis() / DAY_MS;
  throw new FlyerlineError('FL_USAGE', {
    subject: `Date "${text}"`,
    reason: 'is no day of the calendar',
    remedy: 'write it like 2018-10-01',
    retryable: false,
  });
}

/** Days since 1970-01-01 → `2018-10-01`. */
export function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function localMidnightMs(zone: string, day: number): number {
  return DateTime.fromISO(dayText(day), { zone }).toMillis();
}
