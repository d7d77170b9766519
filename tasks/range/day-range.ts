/** A range of local days, both ends included, as people name it. */
import { FlyerlineError } from '../../infra/errors.ts';
import type { Day } from '../../lake/lake-keys.ts';
import { dayName, dayNumber } from '../ingest/days.ts';

export interface DayRange {
  readonly from: Day;
  readonly to: Day;
}

/** A slip of the keyboard in a year should not list a thousand missing days. */
const DAYS_MAX = 3660;

/** Every day of it, in order. Throws FL_USAGE for a day that is none, and for a range that is empty or longer than ten years. */
export function daysOf({ from, to }: DayRange): Day[] {
  const [first, last] = [requireDay(from), requireDay(to)];
  const count = last - first + 1;
  if (count >= 1 && count <= DAYS_MAX)
    return Array.from({ length: count }, (_, index) => dayName(first + index));
  throw new FlyerlineError('FL_USAGE', {
    subject: `The range from ${from} to ${to}`,
    reason: count < 1 ? 'ends before it begins' : 'is longer than ten years',
    remedy: 'name its first and its last day, in this order',
    retryable: false,
  });
}

/** Its number since 1970. */
export function requireDay(day: Day): number {
  const number = /^\d{4}-\d\d-\d\d$/.test(day) ? dayNumber(day) : Number.NaN;
  if (!Number.isNaN(number) && dayName(number) === day) return number;
  throw new FlyerlineError('FL_USAGE', {
    subject: `Day "${day}"`,
    reason: 'is no date',
    remedy: 'write it like 2018-10-01',
    retryable: false,
  });
}
