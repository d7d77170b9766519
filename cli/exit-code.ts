/** What the exit code tells a calling program. */
import { type ErrorCode, isFlyerlineError } from '../infra/errors.ts';

export const EXIT = {
  ok: 0,
  /** The work was done wrong or not at all: a task failed, a check blocked, a test is red. */
  failed: 1,
  /** The call cannot be understood: an unknown option, a date that is none, an unknown DAG. */
  usage: 2,
  /** The machine lacks something: Redis, a reachable store. */
  environment: 3,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

const EXIT_OF_CODE: Partial<Readonly<Record<ErrorCode, number>>> = {
  FL_CONFIG_INVALID: EXIT.usage,
  FL_USAGE: EXIT.usage,
  FL_DAG_UNKNOWN: EXIT.usage,
  FL_RUN_UNKNOWN: EXIT.usage,
  FL_BACKFILL_UNKNOWN: EXIT.usage,
  FL_PREVIEW_UNKNOWN: EXIT.usage,
  FL_PARAMS_INVALID: EXIT.usage,
  FL_SNAPSHOT_UNKNOWN: EXIT.usage,
  FL_SQL_INVALID: EXIT.usage,
  FL_SQL_REFUSED: EXIT.usage,
  FL_REDIS_MISSING: EXIT.environment,
  FL_REDIS_UNFIT: EXIT.environment,
  FL_STORE_UNFIT: EXIT.environment,
  FL_STORE_UNREACHABLE: EXIT.environment,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof Error && error.name === 'AbortError') return EXIT.interrupted;
  return isFlyerlineError(error) ? (EXIT_OF_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
}
