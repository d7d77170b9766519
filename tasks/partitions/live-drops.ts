/** The drops that count now, as far as they are parsed, and those that wait for it. Reads listings and stage documents only. */
import type { ObjectInfo } from '../../lake/object-store.ts';
import { dayInKey } from '../ingest/days.ts';
import type { ParseParams } from '../ingest/parse-params.ts';
import type { StageBatch, StagedDrop } from '../ingest/stage-batch-doc.ts';

export interface LiveDrops {
  readonly parsed: readonly StagedDrop[];
  /** Keys of drops that no run has parsed, by the day that the key names. */
  readonly unreadOfDay: ReadonlyMap<string, readonly string[]>;
  /** Keys that name no day. */
  readonly unreadElsewhere: readonly string[];
}

/**
 * As ingest counts them (`cover-drops.ts`): what is listed counts in the listed version, what its producer deleted as it was
 * last. Unlike there, the version of the parser does not matter: whose rows a day has does not change with it.
 */
export function liveDrops(
  batches: readonly StageBatch[],
  listed: readonly Pick<ObjectInfo, 'key' | 'etag' | 'size'>[],
  params: ParseParams,
): LiveDrops {
  const superseded = new Set(batches.flatMap(({ supersedes }) => supersedes));
  const byVersion = new Map<string, Staged>();
  const byKey = new Map<string, Staged>();
  for (const { batch, drops, stagedAtMs, params: its } of batches) {
    if (superseded.has(batch)) continue;
    if (its.report_tz !== params.report_tz || its.max_future_s !== params.max_future_s) continue;
    for (const drop of drops) {
      keepNewest(byVersion, versionOf(drop), { drop, stagedAtMs });
      keepNewest(byKey, drop.key, { drop, stagedAtMs });
    }
  }
  const parsed: StagedDrop[] = [];
  const unread: string[] = [];
  for (const object of listed) {
    byKey.delete(object.key);
    const staged = byVersion.get(versionOf(object));
    if (staged === undefined) unread.push(object.key);
    else parsed.push(staged.drop);
  }
  for (const { drop } of byKey.values()) parsed.push(drop);
  const unreadOfDay = Map.groupBy(unread, (key) => dayInKey(key) ?? '');
  const unreadElsewhere = unreadOfDay.get('') ?? [];
  unreadOfDay.delete('');
  return { parsed, unreadOfDay, unreadElsewhere };
}

interface Staged {
  readonly drop: StagedDrop;
  readonly stagedAtMs: number;
}

const versionOf = ({ key, etag, size }: Pick<ObjectInfo, 'key' | 'etag' | 'size'>): string =>
  `${size} ${etag} ${key}`;

function keepNewest(into: Map<string, Staged>, name: string, staged: Staged): void {
  const known = into.get(name);
  const isNewer =
    known === undefined ||
    staged.stagedAtMs > known.stagedAtMs ||
    (staged.stagedAtMs === known.stagedAtMs && staged.drop.src > known.drop.src);
  if (isNewer) into.set(name, staged);
}
