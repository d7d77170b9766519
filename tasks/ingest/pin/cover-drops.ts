/** Which staged batches count, given the drops that are there: every drop once, in its newest version. */
import type { Drop, StagingIdentity } from '../read/drops.ts';
import type { StageBatch, StagedDrop } from '../stage-batch-doc.ts';

export interface Coverage {
  /** Drops that are not staged in this version. */
  readonly missing: readonly Drop[];
  /** Batches of which every drop counts. */
  readonly whole: readonly StageBatch[];
  /** Batches of which only these drops count: the others were replaced, or count in another batch. Their files hold the rows of all. */
  readonly partial: readonly { readonly batch: StageBatch; readonly drops: readonly StagedDrop[] }[];
}

/**
 * A drop that was replaced counts as it is now. One that its producer has deleted counts as it was last staged.
 * @param batches all of this store of drops
 */
export function coverDrops(
  batches: readonly StageBatch[],
  listed: readonly Drop[],
  identity: Pick<StagingIdentity, 'params'>,
): Coverage {
  const superseded = new Set(batches.flatMap(({ supersedes }) => supersedes));
  const usable = batches.filter(
    ({ batch, params }) =>
      !superseded.has(batch) &&
      params.report_tz === identity.params.report_tz &&
      params.max_future_s === identity.params.max_future_s,
  );
  const live = liveVersions(usable, listed);
  const isLive = ({ src }: StagedDrop) => live.has(src);

  // Two processes may have staged the same drops in other company. Batches that count as a whole go first: they need no splitting.
  const inOrder = usable
    .filter(({ drops }) => drops.some(isLive))
    .map((batch) => ({ batch, isWhole: batch.drops.every(isLive) }))
    .sort((a, b) => Number(b.isWhole) - Number(a.isWhole) || (a.batch.batch < b.batch.batch ? -1 : 1));
  const covered = new Set<string>();
  const whole: StageBatch[] = [];
  const partial: { batch: StageBatch; drops: StagedDrop[] }[] = [];
  for (const { batch } of inOrder) {
    const drops = batch.drops.filter((drop) => isLive(drop) && !covered.has(drop.src));
    for (const { src } of drops) covered.add(src);
    if (drops.length === batch.drops.length) whole.push(batch);
    else if (drops.length > 0) partial.push({ batch, drops });
  }
  return { missing: listed.filter(({ src }) => !covered.has(src)), whole, partial };
}

/** The `src` of each drop's version that counts. */
function liveVersions(batches: readonly StageBatch[], listed: readonly Drop[]): ReadonlySet<string> {
  const live = new Set(listed.map(({ src }) => src));
  const listedKeys = new Set(listed.map(({ key }) => key));
  const newest = new Map<string, { src: string; stagedAtMs: number }>();
  for (const { drops, stagedAtMs } of batches) {
    for (const { key, src } of drops) {
      if (listedKeys.has(key)) continue;
      const known = newest.get(key);
      const isNewer =
        known === undefined ||
        stagedAtMs > known.stagedAtMs ||
        (stagedAtMs === known.stagedAtMs && src > known.src);
      if (isNewer) newest.set(key, { src, stagedAtMs });
    }
  }
  for (const { src } of newest.values()) live.add(src);
  return live;
}
