/** Takes the heads of several tables, and says on which days they do not belong together. */
import type { Day } from '../lake-keys.ts';
import { type Manifest, readManifest } from '../manifest.ts';
import type { ObjectStore } from '../object-store.ts';
import { contentOfCommitted } from '../partition-verdict.ts';
import { type DayRange, type Partition, partitionsOf } from '../partitions.ts';
import { sha256Hex } from '../sha256.ts';
import { filesOfDay, readSnapshot, type Snapshot } from '../table-log.ts';
import type { FrozenTable } from './named-snapshot.ts';

export interface FreezeOptions extends DayRange {
  readonly tables: readonly string[];
  /** Each is there on every day on which one of the others is. */
  readonly sameDays: readonly string[];
  /** A run makes a day of all of them from one set of inputs. */
  readonly sameInputs: readonly string[];
}

export interface Freeze {
  /** Those that have a day in the range. */
  readonly tables: readonly FrozenTable[];
  readonly mixed: readonly MixedDay[];
}

export interface MixedDay {
  readonly day: Day;
  /** `user_day is of other inputs than clean_events`. */
  readonly reason: string;
  /** When the newest of its tables was committed; a run may be publishing the others. */
  readonly committedAtMs: number;
}

const READS_AT_ONCE = 32;

/**
 * There is no commit over several tables: a day is published table by table, and some days follow from others. So the logs are
 * read, and then the manifests say whether what they show belongs together. It changes nothing.
 */
export async function freezeTables(store: ObjectStore, options: FreezeOptions): Promise<Freeze> {
  const snapshots = await Promise.all(options.tables.map((table) => readSnapshot(store, table)));
  const heads = snapshots.flatMap((snapshot) => partitionsOf(snapshot, options));
  const manifests = await readManifests(store, heads);
  const byTable = new Map(snapshots.map((snapshot) => [snapshot.table, snapshot]));
  const days = [...new Set(heads.map(({ day }) => day))].sort();
  const ofDay = Map.groupBy(manifests, ({ day }) => day);
  return {
    tables: snapshots
      .map((snapshot) => freezeTable(snapshot, options))
      .filter(({ partitions }) => partitions.length > 0),
    mixed: days.flatMap((day) => mixedDay(day, ofDay.get(day)!, byTable, options) ?? []),
  };
}

async function readManifests(store: ObjectStore, heads: readonly Partition[]): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (let start = 0; start < heads.length; start += READS_AT_ONCE) {
    const some = heads.slice(start, start + READS_AT_ONCE);
    manifests.push(
      ...(await Promise.all(some.map(({ table, day, token }) => readManifest(store, table, day, token)))),
    );
  }
  return manifests;
}

function freezeTable(snapshot: Snapshot, range: DayRange): FrozenTable {
  const partitions = partitionsOf(snapshot, range).map(({ day, token, rowCount, files }) => ({
    ...{ day, token, rowCount },
    files: files.map(({ path, size, rowCount: rows, sha256 }) => ({
      ...{ path, size, rowCount: rows, sha256: sha256 ?? '' },
    })),
  }));
  const files = partitions.flatMap((partition) => partition.files);
  return {
    ...{ table: snapshot.table, version: snapshot.version },
    rowCount: files.reduce((sum, { rowCount }) => sum + rowCount, 0),
    size: files.reduce((sum, { size }) => sum + size, 0),
    partitions,
  };
}

/** Undefined when all its tables belong together. */
function mixedDay(
  day: Day,
  manifests: readonly Manifest[],
  snapshots: ReadonlyMap<string, Snapshot>,
  { tables, sameDays, sameInputs }: FreezeOptions,
): MixedDay | undefined {
  const has = (table: string) => manifests.some((manifest) => manifest.table === table);
  const wanted = sameDays.filter((table) => tables.includes(table));
  const missing = wanted.some(has) ? wanted.filter((table) => !has(table)) : [];
  const together = manifests.filter(({ table }) => sameInputs.includes(table));
  // Those that a rollback brought back are the odd ones, not the run that all others are of.
  const [first, ...others] = together.toSorted((a, b) => Number(isRestored(a)) - Number(isRestored(b)));
  const strangers = others.filter(({ inputsHash }) => inputsHash !== first!.inputsHash);
  const older = manifests.flatMap((manifest) =>
    (manifest.partitions ?? [])
      .filter((read) => snapshots.has(read.table) && contentOf(snapshots, read) !== read.contentHash)
      .map((read) => `${manifest.table} was made from another version of ${read.table} ${read.day}`),
  );
  const reasons = [
    ...missing.map((table) => `${table} is missing`),
    ...strangers.map((manifest) =>
      isRestored(manifest)
        ? `${manifest.table} was rolled back`
        : `${manifest.table} is of other inputs than ${first!.table}`,
    ),
    ...older,
  ];
  if (reasons.length === 0) return undefined;
  const committedAtMs = Math.max(...manifests.map(({ createdAt }) => Date.parse(createdAt)));
  return { day, reason: reasons.join(', '), committedAtMs };
}

const isRestored = ({ restores }: Manifest): boolean => restores !== undefined;

function contentOf(
  snapshots: ReadonlyMap<string, Snapshot>,
  { table, day }: { readonly table: string; readonly day: Day },
): string {
  return sha256Hex(contentOfCommitted(filesOfDay(snapshots.get(table)!, day)));
}
