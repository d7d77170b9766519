/** The one form of timestamp that is an event's (R1): `2018-10-01T13:54:59.123-04:00`. */

export interface ParsedTimestamp {
  /** Epoch ms. */
  readonly instantMs: number;
  /** The wall clock as written, as if it were UTC, epoch ms. */
  readonly wallMs: number;
}

const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Years that no offset and no zone leads out of what can be stored and named `YYYY`. */
export const FIRST_YEAR = 1971;
export const LAST_YEAR = 9998;
/** No place on Earth is further from UTC than 14 h; formats allow 18. */
export const OFFSET_MINUTES_MAX = 18 * 60;

/** Undefined when it has another form, or names no moment: 30 February, 24:00:00, a leap second. Below 1 ms is cut off. */
export function parseTimestamp(text: string): ParsedTimestamp | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < FIRST_YEAR || year > LAST_YEAR || hour > 23 || minute > 59 || second > 59) return undefined;
  const midnightMs = Date.UTC(year, month - 1, day);
  const date = new Date(midnightMs);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;

  const offsetMinutes = offsetOf(match[8], Number(match[9] ?? 0), Number(match[10] ?? 0));
  if (offsetMinutes === undefined) return undefined;
  const millis = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const wallMs = midnightMs + ((hour * 60 + minute) * 60 + second) * 1000 + millis;
  return { wallMs, instantMs: wallMs - offsetMinutes * 60_000 };
}

function offsetOf(sign: string | undefined, hours: number, minutes: number): number | undefined {
  const total = hours * 60 + minutes;
  if (minutes > 59 || total > OFFSET_MINUTES_MAX) return undefined;
  return sign === '-' ? -total : total;
}
