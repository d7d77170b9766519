/** The state of every partition of a range of days, read from the lake: logs, digests of manifests, stage documents, a listing. */
import {
  type Assessment,
  assessPartition,
  type PartitionFacts,
  type RunFacts,
} from '../../engine/partition-state.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { type PartitionHead, readHeads } from '../../lake/partition-heads.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { codeVersion } from '../code-version.ts';
import { DAYS_COMPARED, daysAround } from '../compare/comparison.ts';
import { parseParamsOf } from '../ingest/parse-params.ts';
import { listDropObjects } from '../ingest/read/drops.ts';
import { readStageBatches } from '../ingest/stage-batch-doc.ts';
import type { MetricParams } from '../metric-params.ts';
import { CLEAN_EVENTS, LAKE_TABLES, MERCHANT_METRICS } from '../tables.ts';
import { readBlockedDays } from './blocked-days.ts';
import { explainChanges } from './explain-changes.ts';
import { daysWithRows } from './inputs-of-days.ts';
import { type LiveDrops, liveDrops } from './live-drops.ts';
import { NIGHTLY_ASSETS, partitionFacts } from './partition-facts.ts';

export interface ReadPartitionsOptions {
  /** Both included. @default the first and last day that has rows or a version */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Names of tables. @default those that nightly makes, and others that have a version in the range */
  readonly assets?: readonly string[] | undefined;
  readonly params: MetricParams;
  readonly nowMs: number;
  readonly runs?: ReadonlyMap<string, RunFacts> | undefined;
  /** What `readLiveDrops` has found for these parameters. @default it is asked */
  readonly drops?: LiveDrops | undefined;
  /** How many stale days are explained drop by drop; each costs a request. @default 200 */
  readonly explainedMax?: number;
  /** Whether digests that are missing are written down: needs the right to write. @default false */
  readonly heals?: boolean;
}

export interface PartitionsRead {
  readonly from: string;
  readonly to: string;
  /** In order of days, then of assets. */
  readonly facts: readonly PartitionFacts[];
  readonly assessments: readonly Assessment[];
  readonly heads: readonly PartitionHead[];
  readonly drops: LiveDrops;
}

/** What is made of other partitions is held against these. */
const HELD_AGAINST: readonly string[] = [CLEAN_EVENTS.name, MERCHANT_METRICS.name];
const FIRST = '0000-01-01';
const LAST = '9999-12-31';

/** Undefined when there is neither a row nor a version. */
export async function readPartitions(
  stores: { readonly lake: ObjectStore; readonly drops: ObjectStore },
  options: ReadPartitionsOptions,
): Promise<PartitionsRead | undefined> {
  const { from: first = FIRST, to: last = LAST, params, heals = false, explainedMax = 200 } = options;
  const asked = options.assets ?? LAKE_TABLES.map(({ name }) => name);
  const tables = LAKE_TABLES.filter(({ name }) => asked.includes(name) || HELD_AGAINST.includes(name));
  const [heads, drops, version] = await Promise.all([
    readHeads(stores.lake, tables, {
      from: earlier(first, DAYS_COMPARED),
      to: last,
      heals,
      contentOf: [MERCHANT_METRICS.name],
    }),
    options.drops ?? readLiveDrops(stores, params),
    codeVersion(),
  ]);
  const range = rangeOf(options, heads, drops);
  if (range === undefined) return undefined;
  const assets = options.assets ?? defaultAssets(heads);
  const blocked = await readBlockedDays(stores.lake, heads, range);
  const facts = partitionFacts({ ...options, ...range, assets, codeVersion: version, drops, heads, blocked });
  const explained = await explainChanges(stores.lake, facts, { drops, heads, params, max: explainedMax });
  return { ...range, facts: explained, assessments: explained.map(assessPartition), heads, drops };
}

/** What producers have put and what ingest has parsed. */
export async function readLiveDrops(
  stores: { readonly lake: ObjectStore; readonly drops: ObjectStore },
  params: MetricParams,
): Promise<LiveDrops> {
  const parseParams = parseParamsOf(params);
  const identity = { dropsUrl: stores.drops.url };
  const [listed, batches] = await Promise.all([
    listDropObjects(stores.drops, stores.lake.url),
    readStageBatches(stores.lake, identity),
  ]);
  return liveDrops(batches, listed, parseParams);
}

const earlier = (day: string, days: number): string =>
  day === FIRST ? day : daysAround(day, -days, -days)[0]!;

function defaultAssets(heads: readonly PartitionHead[]): string[] {
  const committed = new Set(heads.map(({ table }) => table));
  const isShown = ({ name }: TableSchema) => NIGHTLY_ASSETS.includes(name) || committed.has(name);
  return LAKE_TABLES.filter(isShown).map(({ name }) => name);
}

function rangeOf(
  { from, to }: ReadPartitionsOptions,
  heads: readonly PartitionHead[],
  drops: LiveDrops,
): { readonly from: string; readonly to: string } | undefined {
  if (from !== undefined && to !== undefined) return { from, to };
  const days = [
    ...heads.map(({ day }) => day),
    ...daysWithRows(drops.parsed),
    ...drops.unreadOfDay.keys(),
  ].filter((day) => day >= (from ?? FIRST) && day <= (to ?? LAST));
  if (days.length === 0) return undefined;
  let [low, high] = [days[0]!, days[0]!];
  for (const day of days) {
    if (day < low) low = day;
    if (day > high) high = day;
  }
  return { from: from ?? low, to: to ?? high };
}
