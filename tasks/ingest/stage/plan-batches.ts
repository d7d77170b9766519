/** Which drops are staged together: large ones alone, small ones in batches that fill a chunk. */
import { dayInKey } from '../days.ts';
import type { Drop } from '../read/drops.ts';
import { SMALL_DROP_BYTES } from '../read/read-drop.ts';
import { estimateRowsMax, estimateTextBytes } from './layout.ts';

/** Fields of one query; a batch is also what is read again when one of its drops is replaced. */
const DROPS_MAX = 1_000;

/** A compressed drop may break halfway: it is held whole before its rows go among those of others, or it stays alone. */
export function isStagedAlone({ size, compression }: Drop, chunkBytes: number): boolean {
  return compression === 'none' ? size > chunkBytes / 2 : size > SMALL_DROP_BYTES;
}

export interface BatchPlan {
  readonly drops: readonly Drop[];
  /** Rows of the day that the drops are about, in all drops that are to be staged: estimated, rather too many. */
  readonly dayRows: number;
}

/** Drops that name the day come first: others may be staged by somebody else meanwhile. */
export function planBatches(drops: readonly Drop[], day: string, chunkBytes: number): BatchPlan[] {
  const rowsOfDay = new Map<string, number>();
  for (const drop of drops) {
    const key = dayInKey(drop.key) ?? '';
    rowsOfDay.set(key, (rowsOfDay.get(key) ?? 0) + estimateRowsMax(drop));
  }
  const plans: BatchPlan[] = [];
  let open: Drop[] = [];
  let openBytes = 0;
  const close = () => {
    if (open.length > 0)
      plans.push({ drops: open, dayRows: rowsOfDay.get(dayInKey(open[0]!.key) ?? '') ?? 0 });
    open = [];
    openBytes = 0;
  };
  const isOfDay = (drop: Drop) => dayInKey(drop.key) === day;
  for (const drop of [...drops.filter(isOfDay), ...drops.filter((drop) => !isOfDay(drop))]) {
    const textBytes = estimateTextBytes(drop);
    const isLarge = isStagedAlone(drop, chunkBytes);
    const isOther = open.length > 0 && dayInKey(open[0]!.key) !== dayInKey(drop.key);
    if (isLarge || isOther || openBytes + textBytes > chunkBytes || open.length >= DROPS_MAX) close();
    open.push(drop);
    openBytes += textBytes;
    if (isLarge) close();
  }
  close();
  return plans;
}
