/** Errors that help: subject, reason, remedy and a stable code, all from one catalogue. */

/** One line per code: what it means. `docs/reference/errors.md` is checked against this table. */
export const ERROR_CODES = {
  FL_CONFIG_INVALID: 'A setting, flag or environment variable does not parse.',
  FL_USAGE: 'A command was called with arguments it cannot take.',
  FL_REDIS_MISSING: 'No Redis server is reachable, installed or installable.',
  FL_REDIS_UNFIT: 'The Redis server has a setting that could lose jobs (an eviction policy, for example).',
  FL_STORE_UNFIT: 'The object store ignores conditional writes; publishing on it would not be safe.',
  FL_STORE_UNREACHABLE: 'The object store does not answer, or refuses the credentials.',
  FL_OBJECT_MISSING: 'An object that should be in the store is not there.',
  FL_OBJECT_SPOILED: 'An object arrived from the store with other bytes than were stored there.',
  FL_PRECONDITION: 'A conditional write lost: somebody else wrote the object first.',
  FL_TABLE_UNSUPPORTED: 'A Delta table needs a protocol version or feature that is not supported.',
  FL_TABLE_CORRUPT: 'A Delta log has a gap, or an entry that does not parse.',
  FL_SCHEMA_MISMATCH: 'Data does not have the columns its table declares.',
  FL_FENCED: 'A newer claim has committed this partition; this attempt gives up.',
  FL_CLAIM_EXPIRED:
    'A claim is missing or older than a day; the files written under it may have been collected.',
  FL_PINNED: 'A partition is pinned by a rollback; nothing replaces it until it is unpinned.',
  FL_READ_BACK: 'A written Parquet file does not read back with the rows and values it should have.',
  FL_DAG_INVALID: 'A DAG definition is wrong: a duplicate, unknown or unwired task, or an impossible option.',
  FL_DAG_UNKNOWN: 'No DAG of that name is registered.',
  FL_RUN_UNKNOWN: 'No run of that id exists.',
  FL_BACKFILL_UNKNOWN: 'No backfill of that id is in the lake.',
  FL_BACKFILL_STATE: 'A backfill is not in the state that the command needs.',
  FL_PLAN_DRIFTED: 'What a backfill was planned for is not as it was; nothing was started.',
  FL_PREVIEW_UNKNOWN: 'No preview of that id is in the lake.',
  FL_PREVIEW_STATE: 'A preview is not in the state that the command needs.',
  FL_PREVIEW_DRIFTED:
    'What a preview was computed from, or stands beside, is not as it was; nothing was published.',
  FL_PARAMS_INVALID: 'Run parameters do not fit the schema of the DAG.',
  FL_RESULT_TOO_LARGE: 'A task returned a result larger than the limit; rows belong in the lake.',
  FL_TASK_FAILED: 'A task threw an error.',
  FL_TASK_TIMEOUT: 'A task ran longer than its timeout and was killed.',
  FL_CANCELLED: 'A run or task was stopped on request, or because its run took too long.',
  FL_LEASE_LOST: 'An attempt lost its lease; another attempt owns the task instance.',
  FL_DROPS_EMPTY: 'No drop holds an event of the day.',
  FL_DROP_CHANGED: 'A producer replaced or deleted a drop while it was read.',
  FL_REJECTS_ABOVE_LIMIT: 'More rows were rejected than the configured share allows.',
  FL_CHECK_FAILED: 'A data check blocks publication; the old partition stays.',
  FL_SNAPSHOT_UNKNOWN: 'No snapshot of that name is in the lake.',
  FL_SNAPSHOT_EXISTS: 'A snapshot of that name holds something else.',
  FL_SNAPSHOT_MIXED: 'Tables that should be frozen together do not belong together on some days.',
  FL_SQL_INVALID: 'A text is not one SQL statement that can be run over the tables.',
  FL_SQL_REFUSED: 'A statement would do more than read tables of the lake.',
  FL_SQL_LIMIT: 'A statement needed more time, memory or disk space than it may have.',
  FL_NOTIFY_FAILED: 'A notification channel did not take a message.',
  FL_INTERNAL: 'An invariant does not hold; this is a bug.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorParts {
  /** What it is about: `Drop "s3://b/a.csv.gz"`. */
  readonly subject: string;
  /** What is wrong with it, as the rest of the sentence: `ends inside a gzip block`. */
  readonly reason: string;
  /** What to do now, as an imperative: `ask the producer to send it again`. */
  readonly remedy: string;
  readonly cause?: unknown;
  /** False: trying again cannot help, so no retry is made. @default true */
  readonly retryable?: boolean;
}

/** An error a user can act on. Its message is `subject reason; remedy.` */
export class FlyerlineError extends Error {
  override readonly name = 'FlyerlineError';
  readonly code: ErrorCode;
  readonly subject: string;
  readonly reason: string;
  readonly remedy: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(
      `${parts.subject} ${parts.reason}; ${parts.remedy}.`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    this.code = code;
    this.subject = parts.subject;
    this.reason = parts.reason;
    this.remedy = parts.remedy;
    this.retryable = parts.retryable ?? true;
  }
}

export function isFlyerlineError(error: unknown, code?: ErrorCode): error is FlyerlineError {
  return error instanceof FlyerlineError && (code === undefined || error.code === code);
}

/** An invariant: throws FL_INTERNAL with `what` when the condition does not hold. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (condition) return;
  throw new FlyerlineError('FL_INTERNAL', {
    subject: 'Flyerline',
    reason: `found an impossible state: ${what}`,
    remedy: 'please report it with the log around this line',
    retryable: false,
  });
}
