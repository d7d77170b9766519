/** A table at one version: what its log adds up to. Pure; `table-log.ts` reads the log. */
import { FlyerlineError } from '../infra/errors.ts';
import type { LogAction, MetadataAction, ProtocolAction } from './delta-actions.ts';
import { type DeltaColumn, PARTITION_COLUMN, parseSchemaString } from './delta-schema.ts';
import { type Day, pinAppId, type Token, tableDir, twentyDigits, txnAppId } from './lake-keys.ts';

/** A live file of the table. */
export interface AddFile {
  /** Within the table's folder. */
  readonly path: string;
  /** In the store. */
  readonly key: string;
  readonly day: Day;
  /** Bytes. */
  readonly size: number;
  readonly modificationTimeMs: number;
  readonly rowCount: number;
  /** Hex; undefined for files that another writer added. */
  readonly sha256: string | undefined;
  /** Delta's statistics, JSON. */
  readonly stats: string | undefined;
}

/** A file that is no longer part of the table, remembered for readers of older versions. */
export interface RemovedFile {
  readonly path: string;
  readonly day: Day;
  readonly size: number | undefined;
  readonly removedAtMs: number;
}

export interface Snapshot {
  readonly table: string;
  /** -1: the table does not exist yet. */
  readonly version: number;
  /** When the version was committed, as its writer says; undefined when only a checkpoint is left of it. */
  readonly committedAtMs: number | undefined;
  readonly protocol: ProtocolAction | undefined;
  readonly metadata: MetadataAction | undefined;
  /** As declared by the log, the partition column included; undefined for a table that does not exist. */
  readonly columns: readonly DeltaColumn[] | undefined;
  /** By path. */
  readonly files: ReadonlyMap<string, AddFile>;
  readonly removed: ReadonlyMap<string, RemovedFile>;
  /** The last transaction per application id. */
  readonly txns: ReadonlyMap<string, bigint>;
}

export function emptySnapshot(table: string): Snapshot {
  return {
    table,
    version: -1,
    committedAtMs: undefined,
    protocol: undefined,
    metadata: undefined,
    columns: undefined,
    files: new Map(),
    removed: new Map(),
    txns: new Map(),
  };
}

/** The live files of a day, by path. */
export function filesOfDay(snapshot: Snapshot, day: Day): readonly AddFile[] {
  return indexOf(snapshot).files.get(day) ?? [];
}

/** The claim whose files the partition shows; undefined when it was never committed. */
export function headToken(snapshot: Snapshot, day: Day): Token | undefined {
  const version = snapshot.txns.get(txnAppId(day));
  return version === undefined ? undefined : twentyDigits(version);
}

/** The claim that a rollback pinned the partition to; undefined when it is not pinned. */
export function pinnedToken(snapshot: Snapshot, day: Day): Token | undefined {
  const version = snapshot.txns.get(pinAppId(day));
  return version === undefined || version === 0n ? undefined : twentyDigits(version);
}

/** Every committed day, in order, whether or not it has rows. */
export function committedDays(snapshot: Snapshot): readonly Day[] {
  return indexOf(snapshot).days;
}

interface SnapshotIndex {
  readonly days: readonly Day[];
  readonly files: ReadonlyMap<Day, AddFile[]>;
}

const indexes = new WeakMap<Snapshot, SnapshotIndex>();

/** Made once per snapshot: a table of 100,000 partitions is asked partition by partition. */
function indexOf(snapshot: Snapshot): SnapshotIndex {
  const known = indexes.get(snapshot);
  if (known !== undefined) return known;
  const prefix = txnAppId('');
  const days: Day[] = [];
  for (const appId of snapshot.txns.keys())
    if (appId.startsWith(prefix)) days.push(appId.slice(prefix.length));
  const files = Map.groupBy(snapshot.files.values(), ({ day }) => day);
  for (const some of files.values()) if (some.length > 1) some.sort((a, b) => (a.path < b.path ? -1 : 1));
  const index = { days: days.sort(), files };
  indexes.set(snapshot, index);
  return index;
}

/** One or more entries of the log on top of a snapshot. The maps are copied once, not once an entry. */
export function applyEntries(
  base: Snapshot,
  entries: readonly { readonly version: number; readonly actions: Iterable<LogAction> }[],
): Snapshot {
  let { version, committedAtMs, protocol, metadata, columns } = base;
  const files = new Map(base.files);
  const removed = new Map(base.removed);
  const txns = new Map(base.txns);
  for (const entry of entries) {
    version = entry.version;
    committedAtMs = undefined;
    for (const action of entry.actions) {
      if (action.protocol) protocol = requireSupported(base.table, action.protocol);
      if (action.metaData) {
        metadata = requirePartitioned(base.table, action.metaData);
        columns = parseSchemaString(metadata.schemaString);
      }
      if (action.commitInfo?.timestamp) committedAtMs = action.commitInfo.timestamp;
      if (action.txn) txns.set(action.txn.appId, action.txn.version);
      if (action.remove) {
        const { path: encoded, partitionValues, size, deletionTimestamp } = action.remove;
        const path = decodeURIComponent(encoded);
        const day = files.get(path)?.day ?? partitionValues?.[PARTITION_COLUMN] ?? '';
        files.delete(path);
        removed.set(path, { path, day, size: size ?? undefined, removedAtMs: deletionTimestamp ?? 0 });
      }
      if (action.add) {
        const path = decodeURIComponent(action.add.path);
        files.set(path, addFileOf(base.table, path, action.add));
        removed.delete(path);
      }
    }
  }
  return { table: base.table, version, committedAtMs, protocol, metadata, columns, files, removed, txns };
}

function addFileOf(table: string, path: string, add: NonNullable<LogAction['add']>): AddFile {
  return {
    path,
    key: tableDir(table) + path,
    day: add.partitionValues[PARTITION_COLUMN] ?? '',
    size: add.size,
    modificationTimeMs: add.modificationTime,
    rowCount: rowCountOf(add.stats),
    sha256: add.tags?.sha256 ?? undefined,
    stats: add.stats ?? undefined,
  };
}

function rowCountOf(stats: string | null | undefined): number {
  const found = stats ? (JSON.parse(stats) as { numRecords?: unknown }).numRecords : undefined;
  return typeof found === 'number' ? found : 0;
}

function requireSupported(table: string, protocol: ProtocolAction): ProtocolAction {
  if (protocol.minReaderVersion <= 1 && protocol.minWriterVersion <= 2) return protocol;
  throw unsupported(
    table,
    `needs Delta reader ${protocol.minReaderVersion} and writer ${protocol.minWriterVersion}`,
  );
}

function requirePartitioned(table: string, metadata: MetadataAction): MetadataAction {
  if (metadata.partitionColumns.join() !== PARTITION_COLUMN) {
    throw unsupported(table, `is partitioned by (${metadata.partitionColumns.join()}) instead of (dt)`);
  }
  if (metadata.configuration?.['delta.appendOnly'] === 'true') throw unsupported(table, 'is append-only');
  if (metadata.schemaString.includes('delta.invariants')) throw unsupported(table, 'has column invariants');
  return metadata;
}

function unsupported(table: string, reason: string): FlyerlineError {
  return new FlyerlineError('FL_TABLE_UNSUPPORTED', {
    subject: `Delta table "${table}"`,
    reason: `${reason}, which is not supported`,
    remedy: 'let only Flyerline write its tables; restore the log from before the other writer',
    retryable: false,
  });
}
