/** Which staged batches count for nothing any more, by what their documents say: pure. */
import type { StageBatch } from '../ingest/stage-batch-doc.ts';

export interface BatchAge {
  readonly batch: StageBatch;
  /** When its document was put. */
  readonly putAtMs: number;
}

/**
 * A batch is idle when another supersedes it, or when each of its drops was staged again in a newer version, for all
 * stores of drops and all parameters each on its own. The newest version of a drop stays for ever: its producer may
 * have deleted the drop, and then this is the only copy. A version that was replaced and comes back is staged anew.
 * @param beforeMs what made a batch idle must have happened before, or runs may still use it
 */
export function idleBatches(batches: readonly BatchAge[], beforeMs: number): StageBatch[] {
  const present = new Set(batches.map(({ batch }) => batch.batch));
  const superseders = new Map<string, number>();
  for (const { batch, putAtMs } of batches) {
    for (const id of batch.supersedes) {
      superseders.set(id, Math.min(putAtMs, superseders.get(id) ?? Number.POSITIVE_INFINITY));
    }
  }
  const newest = newestVersions(batches.filter(({ batch }) => !superseders.has(batch.batch)));
  return batches
    .filter(({ batch, putAtMs }) => {
      if (putAtMs >= beforeMs) return false;
      // While the batch that it supersedes is there, it must be too: that one would count again.
      if (batch.supersedes.some((id) => present.has(id))) return false;
      const supersededAtMs = superseders.get(batch.batch);
      if (supersededAtMs !== undefined) return supersededAtMs < beforeMs;
      return batch.drops.every((drop) => {
        const version = newest.get(dropName(batch, drop.key))!;
        return version.src !== drop.src && version.putAtMs < beforeMs;
      });
    })
    .map(({ batch }) => batch);
}

interface Version {
  readonly src: string;
  readonly stagedAtMs: number;
  /** The first document with this version. */
  readonly putAtMs: number;
}

/** As `coverDrops` takes the version of a drop that its producer has deleted. */
function newestVersions(batches: readonly BatchAge[]): ReadonlyMap<string, Version> {
  const newest = new Map<string, Version>();
  for (const { batch, putAtMs } of batches) {
    const { stagedAtMs } = batch;
    for (const { key, src } of batch.drops) {
      const name = dropName(batch, key);
      const known = newest.get(name);
      if (known?.src === src) {
        newest.set(name, {
          src,
          stagedAtMs: Math.max(stagedAtMs, known.stagedAtMs),
          putAtMs: Math.min(putAtMs, known.putAtMs),
        });
      } else if (
        known === undefined ||
        stagedAtMs > known.stagedAtMs ||
        (stagedAtMs === known.stagedAtMs && src > known.src)
      ) {
        newest.set(name, { src, stagedAtMs, putAtMs });
      }
    }
  }
  return newest;
}

/** Batches of other drop stores, or of other parameters, do not replace each other. */
function dropName({ dropsUrl, params }: StageBatch, key: string): string {
  return JSON.stringify([dropsUrl, params.report_tz, params.max_future_s, key]);
}
