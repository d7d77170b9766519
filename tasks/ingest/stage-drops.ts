/** Stages drops: batch after batch, a few at a time. Each batch stands by itself, so other machines may stage some of them. */
import { join } from 'node:path';
import { mapAtOnce } from '../../infra/at-once.ts';
import { coverDrops } from './pin/cover-drops.ts';
import type { Drop } from './read/drops.ts';
import { chunkBytesFor, estimateTextBytes } from './stage/layout.ts';
import { planBatches } from './stage/plan-batches.ts';
import { type StagingContext, stageBatch } from './stage/stage-batch.ts';
import { readStageBatches, type StageBatch } from './stage-batch-doc.ts';

/** While two are judged, the next is read. */
const BATCHES_AT_ONCE = 3;

export interface StageDropsOptions extends Omit<StagingContext, 'chunkBytes' | 'onDropRead'> {
  /** Drops that name this day go first. */
  readonly day: string;
  readonly memoryLimitBytes: number;
  readonly scratchDir: string;
  readonly progress: (done: number, total: number, note?: string) => void;
}

/** Resolves to the new batches. Throws FL_DROP_CHANGED when a drop is no longer what was listed. */
export async function stageDrops(drops: readonly Drop[], options: StageDropsOptions): Promise<StageBatch[]> {
  const { lake, identity, day, scratchDir, signal, log, progress } = options;
  const totalBytes = drops.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  const onDropRead = ({ size, key }: Drop) => {
    doneBytes += size;
    progress(doneBytes, totalBytes, key);
  };
  const textBytes = drops.reduce((sum, drop) => sum + estimateTextBytes(drop), 0);
  const chunkBytes = chunkBytesFor(options.memoryLimitBytes, textBytes);
  const plans = planBatches(drops, day, chunkBytes);
  // A batch begins as soon as any of those before it has ended: they are not equally long.
  const staged = await mapAtOnce(plans, BATCHES_AT_ONCE, async (plan, index) => {
    signal.throwIfAborted();
    // Other days' runs stage the same drops: what they have done meanwhile is not done again.
    const known = index < BATCHES_AT_ONCE ? [] : await readStageBatches(lake, identity);
    const { missing } = coverDrops(known, plan.drops, identity);
    for (const drop of plan.drops) if (!missing.includes(drop)) onDropRead(drop);
    if (missing.length === 0) return undefined;
    const context = { ...options, chunkBytes, onDropRead };
    const batch = await stageBatch(context, { ...plan, drops: missing }, join(scratchDir, `batch-${index}`));
    log.debug(`Staged ${batch.drops.length} drops`, { batch: batch.batch, files: batch.files.length });
    return batch;
  });
  return staged.filter((batch) => batch !== undefined);
}
