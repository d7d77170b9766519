/** What a day's comparisons are made of (R18): its own metrics and those of the seven days before, as they are published now. */
import { type Manifest, type ReadPartition, readManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { contentOfCommitted } from '../../lake/partition-verdict.ts';
import { type Partition, partitionOf } from '../../lake/partitions.ts';
import { sha256Hex } from '../../lake/sha256.ts';
import { readSnapshot, type Snapshot } from '../../lake/table-log.ts';
import { codeVersion } from '../code-version.ts';
import { definitionOf } from '../definition-of.ts';
import { dayName, dayNumber } from '../ingest/days.ts';
import { DEFINITION_VERSION } from '../metric-params.ts';
import { MERCHANT_METRICS } from '../tables.ts';

/** So many days before a day are looked at, and so many days after it look back at it. */
export const DAYS_COMPARED = 7;

export interface Comparison {
  /** Of the day's own metrics. */
  readonly manifest: Manifest;
  /** Keys of data files. */
  readonly ownFiles: readonly string[];
  readonly baseFiles: readonly string[];
  /** The day's own first, then the bases, by day. */
  readonly partitions: readonly ReadPartition[];
  /** Equal hash, equal comparisons. */
  readonly inputsHash: string;
}

/** Undefined when the day is not published. A base that follows another definition, or other parameters, is none. */
export async function comparisonOf(
  lake: ObjectStore,
  day: string,
  snapshot?: Snapshot,
): Promise<Comparison | undefined> {
  const known = snapshot ?? (await readSnapshot(lake, MERCHANT_METRICS.name));
  const own = partitionOf(known, day);
  if (own === undefined) return undefined;
  const before = daysAround(day, -DAYS_COMPARED, -1)
    .map((base) => partitionOf(known, base))
    .filter((base) => base !== undefined);
  const manifestOf = (partition: Partition) =>
    readManifest(lake, MERCHANT_METRICS.name, partition.day, partition.token);
  const [manifest, ...others] = await Promise.all([own, ...before].map(manifestOf));
  const definition = definitionOf(manifest!);
  const bases = before.filter((_, index) => definitionOf(others[index]!) === definition);
  const partitions = [own, ...bases].map(pinOf);
  return {
    manifest: manifest!,
    ownFiles: own.files.map(({ key }) => key),
    baseFiles: bases.flatMap(({ files }) => files.map(({ key }) => key)),
    partitions,
    inputsHash: sha256Hex(
      JSON.stringify({
        definition: DEFINITION_VERSION,
        codeVersion: await codeVersion(),
        params: Object.entries(manifest!.params).sort(([a], [b]) => (a < b ? -1 : 1)),
        partitions: partitions.map(({ day: of, contentHash }) => [of, contentHash]),
      }),
    ),
  };
}

/** The days from `first` to `last` days after this one, in order. */
export function daysAround(day: string, first: number, last: number): string[] {
  const number = dayNumber(day);
  return Array.from({ length: last - first + 1 }, (_, index) => dayName(number + first + index));
}

function pinOf({ table, day, token, files }: Partition): ReadPartition {
  return { table, day, token, contentHash: sha256Hex(contentOfCommitted(files)) };
}
