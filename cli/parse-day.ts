/** Local days as people type them on the command line. */
import { InvalidArgumentError } from 'commander';
import { DateTime } from 'luxon';

/** `2018-10-01`, a date that exists. For `.option('--date <date>', …, parseDay)`. */
export function parseDay(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid) return text;
  throw new InvalidArgumentError('It must be a date that exists, like 2018-10-01.');
}
