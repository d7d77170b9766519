/** Is a row an event? The row-local half of rule R1, and R12's clock skew. `stage-rows.sql` says the same for rows by the million. */
import { EVENT_CODE, type EventName } from '../../events.ts';
import type { RejectReason } from '../../staged-schema.ts';
import type { RawRow } from './raw-row.ts';
import { parseTimestamp } from './timestamp.ts';

export interface Event {
  readonly instantMs: number;
  /** The wall clock as written, as if it were UTC, epoch ms. */
  readonly wallMs: number;
  readonly userId: string;
  /** Code of `events.ts`. */
  readonly event: number;
  /** As written. */
  readonly flyerId: string | null;
  readonly merchantId: string | null;
  readonly eventId: string | null;
  /** Digits of a whole number that fits 64 bits. */
  readonly seq: string | null;
  readonly receivedMs: number | null;
}

export interface Rejection {
  readonly reason: RejectReason;
  /** In words. */
  readonly detail: string;
  /** When the timestamp is one: the row then belongs to its own day. */
  readonly at?: { readonly instantMs: number; readonly wallMs: number };
}

export type Verdict =
  | { readonly event: Event; readonly rejection?: never }
  | { readonly rejection: Rejection; readonly event?: never };

/** An event older than this when it was received is not believed (R12). */
const PAST_MAX_MS = 7 * 86_400_000;
const QUOTED_MAX = 80;

const SEQUENCE_NUMBER = /^-?\d{1,18}$/;
const EDGES = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g;
const WORDS = String.raw`(?:null|none|nil|nan|undefined|n/a|\\N)`;
/** The spellings of nothing (R2), after trimming. */
const NULL_TEXT = new RegExp(`^(?:${WORDS}|<${WORDS}?>|%3C${WORDS}?%3[EG])?$`, 'i');

export function judgeRow(row: RawRow, maxFutureMs: number): Verdict {
  const timestamp = row.timestamp ?? '';
  const at = parseTimestamp(timestamp);
  const rejected = (reason: RejectReason, detail: string): Verdict => ({
    rejection: at === undefined ? { reason, detail } : { reason, detail, at },
  });
  if (at === undefined) return rejected('bad_row', sayTimestamp(row.timestamp));

  const userId = trim(row.user_id ?? '');
  if (NULL_TEXT.test(userId)) return rejected('no_user', `user_id is ${quote(row.user_id)}`);

  const event = eventCode(row.event ?? '');
  if (event === undefined) return rejected('unknown_event', `event is ${quote(row.event)}`);

  const received = parseTimestamp(row.received_at ?? '');
  if (received !== undefined) {
    const aheadMs = at.instantMs - received.instantMs;
    const said = `timestamp is ${timestamp}, received_at ${row.received_at}`;
    if (aheadMs > maxFutureMs) return rejected('skew_future', said);
    if (aheadMs < -PAST_MAX_MS) return rejected('skew_past', said);
  }
  return {
    event: {
      ...at,
      userId,
      event,
      flyerId: row.flyer_id ?? null,
      merchantId: row.merchant_id ?? null,
      eventId: orNull(trim(row.event_id ?? '')),
      seq: sequenceNumber(row.seq),
      receivedMs: received?.instantMs ?? null,
    },
  };
}

/** ASCII white space at both ends; other characters that look like nothing are part of a text. */
function trim(text: string): string {
  return text.replace(EDGES, '');
}

function orNull(text: string): string | null {
  return NULL_TEXT.test(text) ? null : text;
}

function eventCode(text: string): number | undefined {
  const name = trim(text).toLowerCase();
  // toLowerCase would make an ASCII name of the Kelvin sign.
  if (!/^[ -~\s]*$/.test(text) || !Object.hasOwn(EVENT_CODE, name)) return undefined;
  return EVENT_CODE[name as EventName];
}

/** What is no number is none: the client's order is unknown, the event is not. */
function sequenceNumber(text: string | undefined): string | null {
  const trimmed = trim(text ?? '');
  return SEQUENCE_NUMBER.test(trimmed) ? String(BigInt(trimmed)) : null;
}

function sayTimestamp(text: string | undefined): string {
  if (text === undefined) return 'timestamp is missing';
  return `timestamp is ${quote(text)}, not YYYY-MM-DDTHH:MM:SS with Z or ±HH:MM`;
}

function quote(text: string | undefined): string {
  if (text === undefined) return 'missing';
  return JSON.stringify(text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}…` : text);
}
