/** The checks of the data-quality table, from counters that are additive over buckets. */

const PER_MILLION = 1_000_000;

/** Counters that only serve to derive a check. */
const INTERNAL =
  /^(events_in_hour_|(minute|second)_digit_seen_|events_at_utc_offset_|rows_with_received_at$|rows_received_late$)/;

/** Adds the counters of several buckets. */
export function sumCounters(counters: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counter of counters) {
    for (const [name, value] of Object.entries(counter)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

/** Name → value, all whole numbers; the names are in the reference of tables. */
export function dqChecks(counters: Readonly<Record<string, number>>): Record<string, number> {
  const count = (name: string) => counters[name] ?? 0;
  const ppm = (part: number, of: number) => (of === 0 ? 0 : Math.round((part / of) * PER_MILLION));
  const checks: Record<string, number> = {};
  for (const name of ALWAYS_SHOWN) checks[name] = count(name);
  for (const [name, value] of Object.entries(counters)) if (!INTERNAL.test(name)) checks[name] = value;

  const hours = range(24).map((hour) => count(`events_in_hour_${hour}`));
  checks.hours_without_events = hours.filter((events) => events === 0).length;
  checks.busiest_hour_share_ppm = ppm(Math.max(...hours), count('events_kept'));
  checks.unmeasured_share_ppm = ppm(count('unmeasured_views'), count('views'));
  if (count('rows_with_received_at') > 0) {
    checks.late_share_ppm = ppm(count('rows_received_late'), count('rows_with_received_at'));
  }
  Object.assign(checks, offsetsSeen(counters));
  // A source that lost a digit (some publish 6 for 7) shows in the last digits of its clock.
  for (const part of ['hour', 'minute', 'second']) Object.assign(checks, digitsNeverSeen(part, counters));
  return checks;
}

/** Shown with 0 where nothing was found: a check that comes and goes cannot be charted. */
const ALWAYS_SHOWN = [
  'rows_read',
  'rows_quarantined_bad_row',
  'rows_quarantined_no_user',
  'rows_quarantined_unknown_event',
  'rows_dropped_duplicate',
  'events_kept',
  'events_after_as_of',
  'merchant_filled',
  'null_spelling_flyer',
  'null_spelling_merchant',
  'unusable_flyer_id',
  'unusable_merchant_id',
  'flyer_ids_with_several_merchants',
  'flyer_close_unmatched',
  'item_open_no_flyer_outside_view',
  'item_open_no_flyer_kept_in_view',
  'item_open_no_flyer_ended_view',
  'suspect_users',
  'suspect_events',
  'views',
  'unmeasured_views',
  'views_of_unknown_merchant',
];

function offsetsSeen(counters: Readonly<Record<string, number>>): Record<string, number> {
  const prefix = 'events_at_utc_offset_min_';
  const offsets = Object.entries(counters).filter(([name]) => name.startsWith(prefix));
  return { utc_offsets_seen: offsets.length, ...Object.fromEntries(offsets) };
}

/** How many of the digits 0 to 9 are never the last digit of the hour, minute or second; and which. */
function digitsNeverSeen(part: string, counters: Readonly<Record<string, number>>): Record<string, number> {
  const seen = (digit: number) =>
    part === 'hour'
      ? range(24).reduce(
          (sum, hour) => sum + (hour % 10 === digit ? (counters[`events_in_hour_${hour}`] ?? 0) : 0),
          0,
        )
      : (counters[`${part}_digit_seen_${digit}`] ?? 0);
  const missing = range(10).filter((digit) => seen(digit) === 0);
  return {
    [`${part}_digits_never_seen`]: missing.length,
    ...Object.fromEntries(missing.map((digit) => [`${part}_digit_${digit}_never_seen`, 1])),
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
