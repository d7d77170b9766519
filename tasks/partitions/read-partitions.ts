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
import { parseParamsOf } from '../ingest/parse-params.ts';
import { listDrops } from '../ingest/read/drops.ts';
import { readStageBatches } from '../ingest/stage-batch-doc.ts';
import type { MetricParams } from '../metric-params.ts';
import { LAKE_TABLES, PUBLISHED_TABLES } from '../tables.ts';
import { explainChanges } from './explain-changes.ts';
import { daysWithRows } from './inputs-of-days.ts';
import { type LiveDrops, liveDrops } from './live-drops.ts';
import { partitionFacts } from './partition-facts.ts';

export interface ReadPartitionsOptions {
  /** Both included. @default the first and last day that has rows or a version */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Names of tables. @default those that nightly makes, and others that have a version in the range */
  readonly assets?: readonly string[] | undefined;
  readonly params: MetricParams;
  readonly nowMs: number;
  readonly runs?: ReadonlyMap<string, RunFacts> | undefined;
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

const FIRST = '0000-01-01';
const LAST = '9999-12-31';

/** Undefined when there is neither a row nor a version. */
export async function readPartitions(
  stores: { readonly lake: ObjectStore; readonly drops: ObjectStore },
  options: ReadPartitionsOptions,
): Promise<PartitionsRead | undefined> {
  const { from: first = FIRST, to: last = LAST, params, heals = false, explainedMax = 200 } = options;
  const asked = options.assets ?? LAKE_TABLES.map(({ name }) => name);
  // Always with clean_events: what is made by hand is held against it.
  const tables = LAKE_TABLES.filter(({ name }) => asked.includes(name) || name === 'clean_events');
  const [heads, drops, version] = await Promise.all([
    readHeads(stores.lake, tables, { from: first, to: last, heals }),
    readLiveDrops(stores, params),
    codeVersion(),
  ]);
  const range = rangeOf(options, heads, drops);
  if (range === undefined) return undefined;
  const assets = options.assets ?? defaultAssets(heads);
  const facts = partitionFacts({ ...options, ...range, assets, codeVersion: version, drops, heads });
  const explained = await explainChanges(stores.lake, facts, { drops, heads, params, max: explainedMax });
  return { ...range, facts: explained, assessments: explained.map(assessPartition), heads, drops };
}

/** What producers have put and what ingest has parsed. */
export async function readLiveDrops(
  stores: { readonly lake: ObjectStore; readonly drops: ObjectStore },
  params: MetricParams,
): Promise<LiveDrops> {
  const parseParams = parseParamsOf(params);
  const identity = { dropsUrl: stores.drops.url, stagingVersion: '', params: parseParams };
  const [listed, batches] = await Promise.all([
    listDrops(stores.drops, identity, stores.lake.url),
    readStageBatches(stores.lake, identity),
  ]);
  return liveDrops(batches, listed, parseParams);
}

function defaultAssets(heads: readonly PartitionHead[]): string[] {
  const committed = new Set(heads.map(({ table }) => table));
  const isShown = (schema: TableSchema) => PUBLISHED_TABLES.includes(schema) || committed.has(schema.name);
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
