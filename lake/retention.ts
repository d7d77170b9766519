/** How long things stay: each number here leans on the others. */

const DAY_MS = 24 * 3_600_000;

/** After this, files written under a claim may be collected, so it can no longer commit. */
export const CLAIM_LIFETIME_MS = DAY_MS;

/** No object younger than this is ever collected, whatever names it: a run in flight may still commit it. */
export const GRACE_MS = 7 * DAY_MS;
/** Well above the life of a claim. */
export const GRACE_MIN_MS = 2 * DAY_MS;

/** How long a replaced file stays, for readers of older versions and for rollbacks. */
export const RETENTION_MS = 30 * DAY_MS;
export const RETENTION_MIN_MS = 2 * DAY_MS;

/** A rollback keeps this distance from the retention: what it brings back must not be collected meanwhile. */
export const ROLLBACK_MARGIN_MS = DAY_MS;

/** How long the log remembers a replaced file; longer than any retention, since GC learns from it what to keep. */
export const TOMBSTONE_LIFETIME_MS = 120 * DAY_MS;
export const RETENTION_MAX_MS = 90 * DAY_MS;
