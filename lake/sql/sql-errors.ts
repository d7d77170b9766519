/** What DuckDB says of a statement, as errors that a user can act on. */
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';

/** The limits a statement ran under, for the words of the error. */
export interface SqlLimits {
  readonly timeoutMs: number;
  readonly memoryLimitBytes: number;
  /** Names of tables, for the remedy of an unknown one. */
  readonly tables: readonly string[];
}

/** FL_SQL_REFUSED, FL_SQL_LIMIT or FL_SQL_INVALID; an error of ours stays as it is. */
export function sqlError(cause: unknown, limits: SqlLimits): unknown {
  if (isFlyerlineError(cause) || !(cause instanceof Error) || cause.name === 'AbortError') return cause;
  const message = cause.message.replace(/^Failed to (?:extract statements|prepare): /, '').trim();
  const [first = ''] = message.split('\n');
  if (/^Permission Error|configuration has been locked|^Invalid Configuration Error/.test(message)) {
    return refused(first, cause);
  }
  if (/^Out of Memory Error/.test(message)) {
    return new FlyerlineError('FL_SQL_LIMIT', {
      subject: 'The statement',
      reason: `needs more than its ${Math.round(limits.memoryLimitBytes / 2 ** 20)} MiB of memory and the disk space that goes with them`,
      remedy: 'read fewer days or columns, or allow more with --memory',
      cause,
      retryable: false,
    });
  }
  const isUnknownTable = /^Catalog Error: Table with name/.test(message);
  return new FlyerlineError('FL_SQL_INVALID', {
    subject: 'The statement',
    reason: `cannot be run: ${message.replace(/\n\s*\n/g, '\n')}`,
    remedy: isUnknownTable
      ? `use one of ${limits.tables.join(', ')}`
      : 'correct it; docs/reference/tables.md has the columns, and the SQL is that of DuckDB',
    cause,
    retryable: false,
  });
}

export function refused(what: string, cause?: unknown): FlyerlineError {
  return new FlyerlineError('FL_SQL_REFUSED', {
    subject: 'The statement',
    reason: `would do more than read tables of the lake: ${what}`,
    remedy: 'write a SELECT over the tables; results go to files with --format and --out',
    cause,
    retryable: false,
  });
}

export function tookTooLong({ timeoutMs }: SqlLimits, cause?: unknown): FlyerlineError {
  return new FlyerlineError('FL_SQL_LIMIT', {
    subject: 'The statement',
    reason: `ran longer than ${timeoutMs / 1000} s`,
    remedy: 'read fewer days, or allow more with --timeout',
    cause,
    retryable: false,
  });
}
