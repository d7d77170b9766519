/** What a range of days is made of: the committed files of one table, and that all of them mean the same. */
import { FlyerlineError } from '../../infra/errors.ts';
import type { Day } from '../../lake/lake-keys.ts';
import { type Manifest, readManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { partitionsOf } from '../../lake/partitions.ts';
import { readSnapshot, type Snapshot } from '../../lake/table-log.ts';
import { definitionOf } from '../definition-of.ts';
import { type DayRange, daysOf } from './day-range.ts';

export interface PublishedRange extends DayRange {
  readonly table: string;
  /** Days with a committed partition. */
  readonly days: readonly Day[];
  readonly missingDays: readonly Day[];
  readonly files: readonly { readonly day: Day; readonly key: string }[];
  readonly rowCount: number;
  readonly definitionVersion: string;
  /** Of the metric; those of the first day. */
  readonly params: Readonly<Record<string, unknown>>;
  /** What each day was made from, by day (R17). */
  readonly inputs: Readonly<Record<Day, { readonly inputsHash: string; readonly asOfMs: number | null }>>;
}

/** Where ranges are read from. @default the tables as they are now */
export type FrozenTables = ((table: string) => Snapshot) | undefined;

/**
 * All from one version of the table: a restatement while it is read changes nothing. Throws FL_OBJECT_MISSING when no day is
 * published, FL_CHECK_FAILED when days were computed by different definitions.
 */
export async function readPublishedRange(
  store: ObjectStore,
  table: string,
  range: DayRange,
  frozen?: FrozenTables,
): Promise<PublishedRange> {
  const wanted = daysOf(range);
  const partitions = partitionsOf(frozen?.(table) ?? (await readSnapshot(store, table)), range);
  if (partitions.length === 0) throw nothingPublished(table, range);
  const manifests = await Promise.all(
    partitions.map(({ day, token }) => readManifest(store, table, day, token)),
  );
  requireOneDefinition(table, manifests);
  const days = partitions.map(({ day }) => day);
  const { definitionVersion, params } = manifests[0]!;
  return {
    ...range,
    table,
    days,
    missingDays: wanted.filter((day) => !days.includes(day)),
    files: partitions.flatMap(({ day, files }) => files.map(({ key }) => ({ day, key }))),
    rowCount: partitions.reduce((sum, { rowCount }) => sum + rowCount, 0),
    definitionVersion,
    params,
    inputs: Object.fromEntries(manifests.map(({ day, inputsHash, asOfMs }) => [day, { inputsHash, asOfMs }])),
  };
}

/** Sums over days of two definitions would be the figure of neither. */
function requireOneDefinition(table: string, [first, ...others]: readonly Manifest[]): void {
  const other = others.find((manifest) => definitionOf(manifest) !== definitionOf(first!));
  if (other === undefined) return;
  throw new FlyerlineError('FL_CHECK_FAILED', {
    subject: `Days ${first!.day} and ${other.day} of ${table}`,
    reason: 'were computed with different parameters or definitions',
    remedy: 'run one of them again with those of the other, or take a range without it',
    retryable: false,
  });
}

function nothingPublished(table: string, { from, to }: DayRange): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Table ${table}`,
    reason: from === to ? `has no day ${from}` : `has no day from ${from} to ${to}`,
    remedy: 'see "partitions list" for the days there are, or run the missing ones',
    retryable: false,
  });
}
