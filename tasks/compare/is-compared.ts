/** Is a day compared with what is published now, and does `current/` show it? */
import type { ObjectStore } from '../../lake/object-store.ts';
import { pinnedToken, readSnapshot } from '../../lake/table-log.ts';
import { publishedState } from '../ingest/pin/is-published.ts';
import { MERCHANT_DAY } from '../tables.ts';
import { comparisonOf } from './comparison.ts';

/** True also for a day that is not published, and for one that a rollback holds: nothing could be done. */
export async function isCompared(lake: ObjectStore, day: string): Promise<boolean> {
  if (pinnedToken(await readSnapshot(lake, MERCHANT_DAY.name), day) !== undefined) return true;
  const now = await comparisonOf(lake, day);
  if (now === undefined) return true;
  return (await publishedState(lake, [MERCHANT_DAY], day, now.inputsHash)) === 'published';
}
