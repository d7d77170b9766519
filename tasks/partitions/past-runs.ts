/** How long days have taken so far, from the lake alone: from a version's claim to the export that came last. */
import type { PastRun } from '../../engine/backfill/estimate-duration.ts';
import { readCurrentState } from '../../lake/current.ts';
import { claimsDir } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { type PartitionHead, readHeads } from '../../lake/partition-heads.ts';
import { CLEAN_EVENTS, DQ_DAY } from '../tables.ts';

/** As many as tell what is usual; each costs two requests. */
const SAMPLE = 20;
/** Nobody computes that long: the export was repaired later. */
const DURATION_MAX_MS = 24 * 3_600_000;

/**
 * Of the days that were made last.
 * @param known what has been read already: of these, if they are enough to tell
 */
export async function readPastRuns(
  lake: ObjectStore,
  known: readonly PartitionHead[] = [],
): Promise<PastRun[]> {
  const isEnough = known.filter(({ table }) => table === DQ_DAY.name).length >= SAMPLE;
  const heads = isEnough
    ? known
    : await readHeads(lake, [CLEAN_EVENTS, DQ_DAY], { from: '0000-01-01', to: '9999-12-31' });
  const rowsOf = new Map(
    heads.filter(({ table }) => table === CLEAN_EVENTS.name).map((head) => [head.day, head]),
  );
  const latest = heads
    .filter(({ table, isPinned }) => table === DQ_DAY.name && !isPinned)
    .sort((a, b) => b.digest.committedAtMs - a.digest.committedAtMs)
    .slice(0, SAMPLE);
  const runs = await Promise.all(latest.map((head) => pastRunOf(lake, head, rowsOf.get(head.day))));
  return runs.filter((run) => run !== undefined);
}

/** Undefined when it was restored, or what would tell is not there any more. */
async function pastRunOf(
  lake: ObjectStore,
  { day, digest }: PartitionHead,
  events: PartitionHead | undefined,
): Promise<PastRun | undefined> {
  const [claim, shown] = await Promise.all([
    lake.head(claimsDir(DQ_DAY.name, day) + digest.token),
    readCurrentState(lake, DQ_DAY.name, day, 'csv'),
  ]);
  if (claim === undefined || shown?.token !== digest.token) return undefined;
  const durationMs = Date.parse(shown.publishedAt) - claim.lastModifiedMs;
  if (durationMs <= 0 || durationMs > DURATION_MAX_MS) return undefined;
  return { durationMs, rowCount: events?.digest.rowCount ?? 0 };
}
