/** The names under which a backfill waits in Redis: a line of its own, and slots that all backfills share. */

/** Also the name of the limit of a fused one. */
export const laneOf = (backfillId: string): string => `backfill-${backfillId}`;

/** Slots that runs of all backfills share; without a limit unless one is set. */
export const BACKFILL_POOL = 'backfill';
