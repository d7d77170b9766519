/** The versions of a table and of its partitions: what was committed when, by which run, and why. */
import type { CommitNote } from './delta-actions.ts';
import { type Day, logDir, pinAppId, type Token, twentyDigits, txnAppId } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { emptySnapshot, type Snapshot } from './snapshot.ts';
import { readLogEntry, readSnapshot } from './table-log.ts';

const READS_AT_ONCE = 16;

export interface PartitionVersion {
  /** Of the table. */
  readonly version: number;
  readonly committedAtMs: number;
  readonly kind: CommitNote['kind'] | 'other';
  /** The claim; undefined for a commit that changed only the pin. */
  readonly token: Token | undefined;
  /** Set by a rollback, cleared by `unpin`; undefined when the commit left it alone. */
  readonly pin: 'set' | 'cleared' | undefined;
  /** Rows and bytes of the files it added; undefined when no file changed. */
  readonly rowCount: number | undefined;
  readonly size: number | undefined;
  readonly runId: string | undefined;
  readonly reason: string | undefined;
}

/** Newest first; at most `limit` versions of the partition. */
export async function partitionHistory(
  store: ObjectStore,
  table: string,
  day: Day,
  options: { readonly limit?: number } = {},
): Promise<PartitionVersion[]> {
  const { limit = 100 } = options;
  const versions = await listVersions(store, table);
  const found: PartitionVersion[] = [];
  for (let end = versions.length; end > 0 && found.length < limit; end -= READS_AT_ONCE) {
    const some = versions.slice(Math.max(0, end - READS_AT_ONCE), end).reverse();
    const read = await Promise.all(some.map((version) => versionOf(store, table, day, version)));
    found.push(...read.filter((version) => version !== undefined));
  }
  return found.slice(0, limit);
}

/** The newest version that was committed at or before the time; -1 when there is none. */
export async function versionAt(store: ObjectStore, table: string, timeMs: number): Promise<number> {
  // Times grow with versions (see commit-log), so a table of a million versions is asked twenty times.
  const versions = await listVersions(store, table);
  let [low, high] = [0, versions.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((await committedAt(store, table, versions[middle]!)) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1] ?? -1;
}

/** The table as readers saw it at a time; version -1 when it did not exist yet. */
export async function readSnapshotAt(store: ObjectStore, table: string, timeMs: number): Promise<Snapshot> {
  const version = await versionAt(store, table, timeMs);
  return version < 0 ? emptySnapshot(table) : readSnapshot(store, table, { version });
}

async function listVersions(store: ObjectStore, table: string): Promise<number[]> {
  const dir = logDir(table);
  const versions: number[] = [];
  for await (const { key } of store.list(dir)) {
    const version = /^(\d{20})\.json$/.exec(key.slice(dir.length))?.[1];
    if (version !== undefined) versions.push(Number(version));
  }
  return versions;
}

async function committedAt(store: ObjectStore, table: string, version: number): Promise<number> {
  const actions = await readLogEntry(store, table, version);
  return actions.find(({ commitInfo }) => commitInfo)?.commitInfo?.timestamp ?? 0;
}

/** Undefined when the version did not touch the partition. */
async function versionOf(
  store: ObjectStore,
  table: string,
  day: Day,
  version: number,
): Promise<PartitionVersion | undefined> {
  const actions = await readLogEntry(store, table, version);
  const txns = new Map(actions.flatMap(({ txn }) => (txn ? [[txn.appId, txn.version]] : [])));
  const token = txns.get(txnAppId(day));
  const pin = txns.get(pinAppId(day));
  const adds = actions.flatMap(({ add }) => (add && add.partitionValues.dt === day ? [add] : []));
  const isTouched =
    token !== undefined ||
    pin !== undefined ||
    adds.length > 0 ||
    actions.some(({ remove }) => remove?.partitionValues?.dt === day);
  if (!isTouched) return undefined;
  const info = actions.find(({ commitInfo }) => commitInfo)?.commitInfo;
  const note = info?.flyerline;
  const isData = note?.kind !== 'confirm' && note?.kind !== 'unpin';
  return {
    version,
    committedAtMs: info?.timestamp ?? 0,
    kind: note?.kind ?? 'other',
    token: token === undefined ? undefined : twentyDigits(token),
    pin: pin === undefined ? undefined : pin === 0n ? 'cleared' : 'set',
    rowCount: isData ? adds.reduce((sum, { stats }) => sum + rowsIn(stats), 0) : undefined,
    size: isData ? adds.reduce((sum, { size }) => sum + size, 0) : undefined,
    runId: note?.runId,
    reason: note?.reason,
  };
}

function rowsIn(stats: string | null | undefined): number {
  return stats ? Number((JSON.parse(stats) as { numRecords?: number }).numRecords ?? 0) : 0;
}
