/** How the days of a preview are: computed, blocked by a check, or no longer what a run would compute now. */
import { assessPartition, type PartitionFacts } from '../../engine/partition-state.ts';
import type { Day } from '../../lake/lake-keys.ts';
import { readManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { type Preview, readPreviewState } from '../../lake/preview/preview-doc.ts';
import { isPreviewToken, previewStore } from '../../lake/preview/preview-store.ts';
import {
  headToken,
  pinnedToken,
  readSnapshot,
  readTransactions,
  type Snapshot,
} from '../../lake/table-log.ts';
import { checkId, type DayChecks } from '../checks/check-result.ts';
import { readChecksOfDays } from '../checks/check-store.ts';
import { dayParamsSchema, metricParamsOf } from '../day-params.ts';
import { readPartitions } from '../partitions/read-partitions.ts';
import { PUBLISHED_TABLES } from '../tables.ts';

/**
 * `ready`: may be published. `unchanged`: what is published is what was computed. `blocked`: a check says no. `drifted`: drops, code or
 * the published version are others than when it was computed. `missing`: its run has failed, or has not ended.
 */
export type PreviewDayStatus = 'ready' | 'unchanged' | 'blocked' | 'drifted' | 'missing' | 'published';

export interface PreviewDay {
  readonly day: Day;
  readonly status: PreviewDayStatus;
  /** In words, without a full stop; empty when there is nothing to explain. */
  readonly reason: string;
  /** What the checks found, where they came so far. */
  readonly checks: DayChecks | undefined;
}

/** In order. */
export async function readPreviewDays(
  stores: { readonly lake: ObjectStore; readonly drops: ObjectStore },
  preview: Preview,
): Promise<PreviewDay[]> {
  const { lake, drops } = stores;
  const { days } = preview;
  if (days.length === 0) return [];
  const aside = previewStore(lake, preview);
  const range = { from: days[0]!, to: days.at(-1)! };
  const [read, moves, checks, { status }] = await Promise.all([
    readPartitions(
      { lake: aside, drops },
      {
        ...range,
        assets: PUBLISHED_TABLES.map(({ name }) => name),
        params: metricParamsOf(dayParamsSchema.parse(preview.params)),
        nowMs: Date.now(),
      },
    ),
    readMoves(lake, preview),
    readChecksOfDays(aside, range),
    readPreviewState(lake, preview),
  ]);
  const factsOf = Map.groupBy(read?.facts ?? [], ({ day }) => day);
  const checksOf = new Map(checks.map((found) => [found.day, found]));
  return days.map((day) => {
    const found = checksOf.get(day);
    // Those of a run of the lake show through where the preview has none.
    const own = found !== undefined && isPreviewToken(found.token) ? found : undefined;
    if (status === 'published') return { day, status, reason: '', checks: own };
    const [judged, reason] = judge(factsOf.get(day) ?? [], moves.get(day), own);
    return { day, status: judged, reason, checks: own };
  });
}

function judge(
  facts: readonly PartitionFacts[],
  moved: string | undefined,
  checks: DayChecks | undefined,
): readonly [PreviewDayStatus, string] {
  const isOwn = ({ head }: PartitionFacts) => head !== undefined && isPreviewToken(String(head.claim));
  const stale = facts.find((fact) => fact.head === undefined || isStale(fact));
  const reason = stale === undefined ? '' : `${stale.asset}: ${assessPartition(stale).reason}`;
  if (!facts.some(isOwn)) {
    if (stale === undefined && facts.length > 0) return ['unchanged', 'it is published as it was computed'];
    return ['missing', 'its run has failed, or has not ended'];
  }
  if (moved !== undefined) return ['drifted', moved];
  if (stale !== undefined && isOwn(stale)) return ['drifted', reason];
  // Of some tables only: whoever computed it died on the way.
  if (stale !== undefined) return ['missing', 'its run has failed, or has not ended'];
  if (checks?.status === 'blocked') return ['blocked', blockers(checks)];
  return ['ready', ''];
}

function isStale(fact: PartitionFacts): boolean {
  const { state } = assessPartition(fact);
  return state === 'stale-input' || state === 'stale-code';
}

function blockers({ results }: DayChecks): string {
  const blocked = results.filter(({ status }) => status === 'blocked');
  return blocked.map((result) => `${checkId(result)}: ${result.detail}`).join('; ');
}

/** Days of which the lake has published something else since the preview was begun, or which a rollback holds; in words. */
async function readMoves(lake: ObjectStore, preview: Preview): Promise<Map<Day, string>> {
  const ofTables = await Promise.all(
    PUBLISHED_TABLES.map(async ({ name }) => {
      const [now, then] = await Promise.all([
        readTransactions(lake, name),
        readSnapshot(lake, name, { version: preview.versions[name] ?? -1, columns: ['txn'] }),
      ]);
      return Promise.all(preview.days.map((day) => moveOf(lake, preview, name, day, now, then)));
    }),
  );
  const moves = new Map<Day, string>();
  for (const [index, day] of preview.days.entries()) {
    const move = ofTables.map((ofTable) => ofTable[index]).find((one) => one !== undefined);
    if (move !== undefined) moves.set(day, move);
  }
  return moves;
}

async function moveOf(
  lake: ObjectStore,
  { id }: Preview,
  table: string,
  day: Day,
  now: Snapshot,
  then: Snapshot,
): Promise<string | undefined> {
  if (pinnedToken(now, day) !== undefined) return `a rollback pinned ${table}`;
  const head = headToken(now, day);
  if (head === undefined || head === headToken(then, day)) return undefined;
  const { preview, runId } = await readManifest(lake, table, day, head);
  // Published by whoever published this preview, and died on the way.
  return preview === id ? undefined : `${table} was published since by run ${runId}`;
}
