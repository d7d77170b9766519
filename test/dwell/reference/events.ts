/** The definition read aloud, first half: from rows to the kept events of a day's horizon (R1-R5, R12, R13). Slow and obvious. */
import { DateTime } from 'luxon';
import type { MetricParams } from '../../../tasks/metric-params.ts';
import type { RawRow } from '../../support/stage-events.ts';

export interface KeptEvent {
  readonly user: string;
  readonly event: string;
  /** Empty: unknown. */
  readonly flyer: string;
  readonly merchant: string;
  readonly filled: boolean;
  readonly instantMs: number;
  readonly localMs: number;
  /** Local date. */
  readonly day: string;
  readonly eventId: string | undefined;
  readonly seq: number | undefined;
}

export interface Horizon {
  /** In the order of R5, user after user. */
  readonly events: readonly KeptEvent[];
  readonly asOfMs: number;
  readonly suspects: ReadonlySet<string>;
  readonly dq: Readonly<Record<string, number>>;
}

const RANKS = [
  'flyer_close',
  'list_flyers',
  'flyer_open',
  'item_open',
  'favorite',
  'shopping_list_open',
  'checkout',
];
const NULL_WORDS = ['', 'null', 'none', 'nil', 'nan', 'undefined', 'n/a', '\\n'];
const DAY_MS = 24 * 60 * 60 * 1000;

export function horizonOf(day: string, rows: readonly RawRow[], params: MetricParams): Horizon {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const endMs = midnight + DAY_MS + params.max_view_s * 1000 + params.inactivity_timeout_s * 1000;
  const parse = (row: RawRow) => parseRow(row, params.report_tz);
  const beginMs = midnight - DAY_MS;
  // Events of R1 that the horizon does not see lie after its end; those before it only serve to recognise duplicates.
  const read = rows.map(parse).filter((event) => event !== undefined);
  const known = read.filter((event) => event.localMs <= endMs);
  const inside = known.filter((event) => event.localMs >= beginMs);
  const filled = known.map((event) => (event.localMs >= beginMs ? fill(event, inside, params) : event));
  const kept = withoutDuplicates(filled, beginMs).filter((event) => event.localMs >= beginMs);
  const ofDay = kept.filter((event) => event.day === day);
  const rowsOfDay = rows.filter((row) => parse(row)?.day === day);
  return {
    events: kept.sort(inOrder),
    asOfMs: Math.max(...inside.map((event) => event.instantMs)),
    suspects: suspectsAmong(ofDay, params),
    dq: {
      rows_dropped_duplicate: read.filter((event) => event.day === day).length - ofDay.length,
      events_kept: ofDay.length,
      merchant_filled: ofDay.filter((event) => event.filled).length,
      null_spelling_flyer: countNullSpellings(rowsOfDay, (row) => row.flyer),
      null_spelling_merchant: countNullSpellings(rowsOfDay, (row) => row.merchant),
    },
  };
}

/** R1, R2 and R11; undefined for a row that is no event. */
function parseRow(row: RawRow, reportTz: string): KeptEvent | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})$/.exec(row.timestamp);
  const event = row.event.trim().toLowerCase();
  if (parts === null || row.user.trim() === '' || !RANKS.includes(event)) return undefined;
  const instantMs = Date.parse(row.timestamp);
  const zoneMs =
    DateTime.fromMillis(instantMs, { zone: reportTz === 'event' ? 'UTC' : reportTz }).offset * 60_000;
  const localMs = reportTz === 'event' ? Date.parse(`${parts[1]}Z`) : instantMs + zoneMs;
  return {
    user: row.user.trim(),
    event,
    flyer: knownId(row.flyer),
    merchant: knownId(row.merchant),
    filled: false,
    instantMs,
    localMs,
    day: new Date(localMs).toISOString().slice(0, 10),
    eventId: row.eventId,
    seq: row.seq,
  };
}

function knownId(text = ''): string {
  const id = text.trim();
  return isNullWord(id) || !/^[A-Za-z0-9_-]{1,64}$/.test(id) ? '' : id;
}

function isNullWord(id: string): boolean {
  const brackets = [/^<(.*)>$/i, /^%3c(.*)%3e$/i, /^%3c(.*)%3g$/i];
  const word = brackets.map((bracket) => bracket.exec(id)?.[1]).find((inner) => inner !== undefined) ?? id;
  return NULL_WORDS.includes(word.toLowerCase());
}

/** A written null, which an empty field is not. */
function countNullSpellings(rows: readonly RawRow[], field: (row: RawRow) => string | undefined): number {
  return rows.filter((row) => {
    const text = (field(row) ?? '').trim();
    return text !== '' && isNullWord(text);
  }).length;
}

/** R3. */
function fill(event: KeptEvent, horizon: readonly KeptEvent[], params: MetricParams): KeptEvent {
  if (!params.fill_merchant || event.flyer === '' || event.merchant !== '') return event;
  const named = new Set(
    horizon
      .filter(({ day, flyer, merchant }) => day === event.day && flyer === event.flyer && merchant !== '')
      .map(({ merchant }) => merchant),
  );
  return named.size === 1 ? { ...event, merchant: [...named][0]!, filled: true } : event;
}

/** R4: first by id, then by content; the earliest local time stays. Ids of before the horizon are forgotten (R12). */
function withoutDuplicates(events: readonly KeptEvent[], beginMs: number): KeptEvent[] {
  const earliestFirst = [...events].sort(
    (a, b) =>
      a.localMs - b.localMs ||
      inOrder({ ...a, seq: undefined }, { ...b, seq: undefined }) ||
      byFilled(a, b) ||
      bySeq(a, b),
  );
  const ids = new Set<string>();
  const contents = new Set<string>();
  const ofUniqueIds = earliestFirst.filter(({ user, eventId, localMs }) => {
    const id = JSON.stringify([user, eventId]);
    if (eventId === undefined || localMs < beginMs) return true;
    return ids.has(id) ? false : ids.add(id);
  });
  return ofUniqueIds.filter(({ user, event, flyer, merchant, instantMs }) => {
    const content = JSON.stringify([instantMs, user, event, flyer, merchant]);
    return contents.has(content) ? false : contents.add(content);
  });
}

/** R5. */
function inOrder(a: KeptEvent, b: KeptEvent): number {
  return (
    byText(a.user, b.user) ||
    a.instantMs - b.instantMs ||
    bySeq(a, b) ||
    RANKS.indexOf(a.event) - RANKS.indexOf(b.event) ||
    byText(a.flyer, b.flyer) ||
    byText(a.merchant, b.merchant)
  );
}

/** Events without a number come after those with one. */
function bySeq(a: KeptEvent, b: KeptEvent): number {
  if (a.seq === b.seq) return 0;
  return (a.seq ?? Number.POSITIVE_INFINITY) - (b.seq ?? Number.POSITIVE_INFINITY);
}

const byFilled = (a: KeptEvent, b: KeptEvent): number => Number(a.filled) - Number(b.filled);

/** Ids of the tests are ASCII, whose code units are code points. */
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** R13. */
function suspectsAmong(events: readonly KeptEvent[], params: MetricParams): Set<string> {
  const suspects = new Set<string>();
  for (const { user } of events) {
    const own = events.filter((event) => event.user === user);
    const minutes = own.map(({ instantMs }) => Math.floor(instantMs / 60_000));
    const busiest = Math.max(...minutes.map((minute) => minutes.filter((other) => other === minute).length));
    if (own.length > params.suspect_events_per_day || busiest > params.suspect_events_per_minute)
      suspects.add(user);
  }
  return suspects;
}
