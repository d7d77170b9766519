/** Random event streams that look for trouble: ties, duplicates, midnights, gaps of exactly T, other zones, broken rows. */
import fc from 'fast-check';
import type { MetricParams } from '../../tasks/metric-params.ts';
import type { RawRow } from './stage-events.ts';

/** The day that tests compute; streams begin up to two days before and may run into the day after. */
export const DAY = '2018-10-01';

export interface RandomDay {
  readonly rows: readonly RawRow[];
  readonly params: Partial<MetricParams>;
}

const DAY_START_MS = Date.parse(`${DAY}T00:00:00Z`);
const OFFSETS_MIN = [-240, -240, -240, -240, 0, -480, 330, 840, -720];

const event = fc.oneof(
  { weight: 10, arbitrary: fc.constant('flyer_open') },
  { weight: 8, arbitrary: fc.constant('item_open') },
  { weight: 4, arbitrary: fc.constant('flyer_close') },
  { weight: 3, arbitrary: fc.constant('favorite') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('list_flyers', 'shopping_list_open', 'checkout', ' List_Flyers ', 'page_ping'),
  },
);
const id = (...known: string[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...known) },
    {
      weight: 3,
      arbitrary: fc.constantFrom('', 'null', 'NULL', '<null>', '%3Cnull%3G', ' N/A', '\\N', '<>'),
    },
    { weight: 1, arbitrary: fc.constantFrom('a b', `x${'y'.repeat(64)}`, 'ü', ` ${known[0]} `) },
  );
const flyer = id('1', '2', '3', '10', 'Z', 'a_b-C');
const merchant = id('9', '8', '80');

/** T is one of few, so that gaps can be of exactly T, a little more and a little less. With half a day a view can outlast a night. */
const timeoutS = fc.constantFrom(60, 600, 1800, 1800, 12 * 3600);

const gapMs = (timeoutMs: number) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 90 }).map((seconds) => seconds * 1000) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
    // With a cap of 120 s, exactly the cap.
    { weight: 1, arbitrary: fc.constantFrom(60_000, 120_000) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(timeoutMs, timeoutMs + 1, timeoutMs - 1, timeoutMs + 1000, timeoutMs * 2),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 11 * 3600 }).map((seconds) => seconds * 1000) },
  );

interface Step {
  readonly gapMs: number;
  readonly event: string;
  readonly flyer: string;
  readonly merchant: string;
  readonly offset: number;
  readonly repeats: number;
  readonly seq: number;
  readonly id: number;
}

const step = (timeoutMs: number): fc.Arbitrary<Step> =>
  fc.record({
    gapMs: gapMs(timeoutMs),
    event,
    flyer,
    merchant,
    // Mostly the user's own zone.
    offset: fc.oneof({ weight: 9, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat({ max: 8 }) }),
    repeats: fc.oneof(
      { weight: 12, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(1, 2) },
    ),
    seq: fc.nat({ max: 3 }),
    id: fc.nat({ max: 400 }),
  });

interface Stream {
  readonly zone: number;
  /** Local start relative to the day's midnight. */
  readonly startMs: number;
  readonly steps: readonly Step[];
}

const stream = (timeoutMs: number): fc.Arbitrary<Stream> =>
  fc.record({
    zone: fc.nat({ max: OFFSETS_MIN.length - 1 }),
    startMs: fc.oneof(
      fc.integer({ min: -20, max: 20 }).map((minutes) => minutes * 60_000),
      fc.integer({ min: 23 * 60, max: 24 * 60 + 10 }).map((minutes) => minutes * 60_000),
      fc.integer({ min: -54 * 3600, max: 26 * 3600 }).map((seconds) => seconds * 1000),
    ),
    steps: fc.array(step(timeoutMs), { minLength: 1, maxLength: 14 }),
  });

/** What drops carry beside the five fields. */
const optional = fc.constantFrom('nothing', 'nothing', 'seq', 'ids', 'both');

/** A day with that many users, each with a stream of their own. */
export function randomDay(users: { min: number; max: number }): fc.Arbitrary<RandomDay> {
  return timeoutS.chain((inactivity_timeout_s) =>
    fc
      .record({
        streams: fc.array(stream(inactivity_timeout_s * 1000), {
          minLength: users.min,
          maxLength: users.max,
        }),
        optional,
        params: fc.record({
          inactivity_timeout_s: fc.constant(inactivity_timeout_s),
          max_view_s: fc.constantFrom(120, 7200),
          censored_mode: fc.constantFrom('exclude' as const, 'exclude' as const, 'credit' as const),
          censored_credit_s: fc.constantFrom(0, 30),
          fill_merchant: fc.boolean(),
          suspect_events_per_day: fc.constantFrom(10, 500),
          suspect_events_per_minute: fc.constantFrom(4, 60),
          k_min_users: fc.constantFrom(1, 2, 5),
          bounce_s: fc.constantFrom(10, 0.5),
          long_gap_s: fc.constantFrom(45, 600),
        }),
      })
      .map(({ streams, optional, params }) => ({
        params,
        rows: streams.flatMap((one, user) => rowsOf(one, `u${String(user).padStart(3, '0')}`, optional)),
      })),
  );
}

function rowsOf({ zone, startMs, steps }: Stream, user: string, optional: string): RawRow[] {
  const zoneMin = OFFSETS_MIN[zone]!;
  const rows: RawRow[] = [];
  let instantMs = DAY_START_MS + startMs - zoneMin * 60_000;
  for (const { gapMs, event, flyer, merchant, offset, repeats, seq, id } of steps) {
    instantMs += gapMs;
    // Few ids: they are repeated within a day, over days, and by events that are otherwise different.
    const eventId = String(id % 40);
    for (let copy = 0; copy <= repeats; copy++) {
      const offsetMin = copy > 0 || offset >= 0 ? OFFSETS_MIN[(offset + copy + 9) % 9]! : zoneMin;
      rows.push({
        timestamp: timestampText(instantMs, offsetMin),
        user: id === 0 ? '' : user,
        event,
        flyer,
        merchant,
        ...((optional === 'seq' || optional === 'both') && id % 5 > 0 && { seq }),
        ...((optional === 'ids' || optional === 'both') && id % 7 > 0 && { eventId }),
      });
    }
    if (id === 1) rows.push({ timestamp: 'yesterday', user, event, flyer, merchant });
  }
  return rows;
}

export function timestampText(instantMs: number, offsetMin: number): string {
  const wall = new Date(instantMs + offsetMin * 60_000).toISOString().replace('.000', '').replace('Z', '');
  if (offsetMin === 0) return `${wall}Z`;
  const minutes = Math.abs(offsetMin);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${wall}${offsetMin < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
