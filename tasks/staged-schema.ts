/** The columns of staged files: what ingest writes and cleanse reads. */

/** A staged event, in DuckDB's types. */
export const STAGED_EVENT_COLUMNS = {
  /** Epoch ms; fractions of a millisecond are cut off. */
  instant_ms: 'BIGINT',
  /** The wall clock in the report zone (rule R11) as if it were UTC, epoch ms. */
  local_ms: 'BIGINT',
  /** Trimmed, never empty and no spelled null. */
  user_id: 'VARCHAR',
  /** Code of `events.ts`. */
  event: 'UTINYINT',
  /** As written; null when the field is not there. */
  flyer_id: 'VARCHAR',
  merchant_id: 'VARCHAR',
  /** Trimmed; null when the drop has none, or a spelled null. */
  event_id: 'VARCHAR',
  /** The client's sequence number; null when it has none, or one that is no whole number. */
  seq: 'BIGINT',
  /** Epoch ms; null when the drop has none, or none that parses. */
  received_ms: 'BIGINT',
  /** Which of the file's drops the row is of: its index in the stage batch. */
  drop_no: 'USMALLINT',
  /** As `line` of a rejected row. */
  line: 'BIGINT',
} as const;

/** A rejected row, in DuckDB's types. Its day is that of the file. */
export const STAGED_REJECT_COLUMNS = {
  /** Key of the drop. */
  source: 'VARCHAR',
  /** From 1: the line in a decompressed CSV or NDJSON drop, where the record begins; the number of the object in JSON or XML. */
  line: 'BIGINT',
  /** One of REJECT_REASONS. */
  reason: 'VARCHAR',
  /** The reason in words: `"page_ping" is no event`. */
  detail: 'VARCHAR',
  /** The row as it was written, its first 4 KB; null for a drop that cannot be read. */
  raw: 'VARCHAR',
  /** As in a staged event. */
  drop_no: 'USMALLINT',
} as const;

/** In order of precedence: a row is rejected for the first that applies (R1, R12). */
export const REJECT_REASONS = [
  /** The whole drop: it cannot be decompressed to its end, so nothing of it is known to be right. */
  'unreadable_drop',
  /** Not a record of the format, or its timestamp is none. */
  'bad_row',
  'no_user',
  'unknown_event',
  /** Later than its receive time by more than max_future_s. */
  'skew_future',
  /** More than seven days before its receive time. */
  'skew_past',
] as const;

export type RejectReason = (typeof REJECT_REASONS)[number];
