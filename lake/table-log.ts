/** Reads a table's Delta log: the newest usable checkpoint, then every entry after it. */
import { type AsyncBuffer, parquetRead, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import { type LogAction, logAction, parseLogEntry } from './delta-actions.ts';
import { checkpointKey, lastCheckpointKey, logDir, logEntryKey } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { applyEntries, emptySnapshot, type Snapshot } from './snapshot.ts';

export {
  type AddFile,
  committedDays,
  filesOfDay,
  headToken,
  pinnedToken,
  type RemovedFile,
  type Snapshot,
} from './snapshot.ts';

const READS_AT_ONCE = 16;

export interface SnapshotOptions {
  /** Time travel. @default the newest */
  readonly version?: number | undefined;
  /** A snapshot that was read before: only newer entries are read. */
  readonly since?: Snapshot | undefined;
  /** Kinds of actions that are read of a checkpoint: the snapshot lacks the others. @default all */
  readonly columns?: readonly string[];
}

/**
 * The table at a version; version -1 and no files when the table does not exist.
 * Throws FL_TABLE_CORRUPT for a gap or an unreadable entry, FL_TABLE_UNSUPPORTED for another protocol, and
 * FL_OBJECT_MISSING for a version that is not there.
 */
export async function readSnapshot(
  store: ObjectStore,
  table: string,
  options: SnapshotOptions = {},
): Promise<Snapshot> {
  const { version: wanted = Number.POSITIVE_INFINITY, since } = options;
  const listed = await listLog(store, table, options);
  const checkpoint = listed.checkpoints.findLast((version) => version <= wanted);
  const base =
    since !== undefined && since.version <= wanted && since.version >= (checkpoint ?? -1)
      ? since
      : await readCheckpoint(store, table, checkpoint, options.columns);
  const versions = listed.entries.filter((version) => version > base.version && version <= wanted);
  versions.forEach((version, index) => {
    const next = base.version + 1 + index;
    if (version !== next) throw corrupt(table, `has no version ${next}`);
  });
  const newest = versions.at(-1) ?? base.version;
  if (options.version !== undefined && newest !== wanted) throw noSuchVersion(table, wanted, newest);
  if (versions.length === 0) return base;
  return applyEntries(base, await readEntries(store, table, versions));
}

/**
 * The newest version with its transactions alone: which claim each partition shows, and which are pinned. Its files are not
 * those of the table. Of a large table this is read several times faster. Throws as `readSnapshot` does.
 */
export async function readTransactions(store: ObjectStore, table: string): Promise<Snapshot> {
  return readSnapshot(store, table, { columns: ['txn'] });
}

/** The actions of one version. Throws FL_OBJECT_MISSING. */
export async function readLogEntry(
  store: ObjectStore,
  table: string,
  version: number,
): Promise<readonly LogAction[]> {
  const { body } = await store.get(logEntryKey(table, version));
  try {
    return parseLogEntry(body.toString());
  } catch (cause) {
    throw corrupt(table, `has an entry ${version} that does not parse`, cause);
  }
}

async function readEntries(store: ObjectStore, table: string, versions: readonly number[]) {
  const entries: { version: number; actions: readonly LogAction[] }[] = [];
  for (let start = 0; start < versions.length; start += READS_AT_ONCE) {
    const some = versions.slice(start, start + READS_AT_ONCE);
    entries.push(
      ...(await Promise.all(
        some.map(async (version) => ({ version, actions: await readLogEntry(store, table, version) })),
      )),
    );
  }
  return entries;
}

/**
 * The versions of checkpoints and entries, ascending, from where it makes sense to look. `_last_checkpoint` is only a
 * hint: it may be missing, old, or newer than the version that is wanted.
 */
async function listLog(store: ObjectStore, table: string, options: SnapshotOptions) {
  const dir = logDir(table);
  const checkpoints: number[] = [];
  const entries: number[] = [];
  const after = await listingStart(store, table, options);
  for await (const { key } of store.list(dir, after === undefined ? {} : { after })) {
    const [, version, kind] = /^(\d{20})\.(json|checkpoint\.parquet)$/.exec(key.slice(dir.length)) ?? [];
    if (version !== undefined) (kind === 'json' ? entries : checkpoints).push(Number(version));
  }
  return { checkpoints, entries };
}

async function listingStart(
  store: ObjectStore,
  table: string,
  { version: wanted, since }: SnapshotOptions,
): Promise<string | undefined> {
  if (since !== undefined && since.version >= 0 && (wanted === undefined || since.version <= wanted)) {
    return logEntryKey(table, since.version);
  }
  const hint = wanted === undefined ? await lastCheckpointVersion(store, table) : undefined;
  // `….checkpoint.parquet` sorts before `….json`: start just before the checkpoint itself.
  return hint === undefined || hint === 0 ? undefined : logEntryKey(table, hint - 1);
}

/** The table as a checkpoint holds it; the empty table when there is none. */
async function readCheckpoint(
  store: ObjectStore,
  table: string,
  version: number | undefined,
  columns?: readonly string[],
): Promise<Snapshot> {
  if (version === undefined) return emptySnapshot(table);
  const { body } = await store.get(checkpointKey(table, version));
  const file = {
    byteLength: body.byteLength,
    slice: (start: number, end = body.byteLength) =>
      body.buffer.slice(body.byteOffset + start, body.byteOffset + end) as ArrayBuffer,
  };
  try {
    const rows =
      columns === undefined
        ? await parquetReadObjects({ file, compressors })
        : await readActions(file, columns);
    return applyEntries(emptySnapshot(table), [
      { version, actions: rows.map((row) => logAction.parse(row)) },
    ]);
  } catch (cause) {
    if (isFlyerlineError(cause)) throw cause;
    throw corrupt(table, `has a checkpoint ${version} that does not parse`, cause);
  }
}

/** Of some kinds alone: a row is one action, so most rows have nothing in a column. */
async function readActions(
  file: AsyncBuffer,
  columns: readonly string[],
): Promise<Record<string, unknown>[]> {
  const actions: Record<string, unknown>[] = [];
  await parquetRead({
    ...{ file, compressors, columns: [...columns] },
    onChunk({ columnName, columnData }) {
      for (const value of columnData)
        if (value !== null && value !== undefined) actions.push({ [columnName]: value });
    },
  });
  return actions;
}

async function lastCheckpointVersion(store: ObjectStore, table: string): Promise<number | undefined> {
  try {
    const { body } = await store.get(lastCheckpointKey(table));
    const { version } = JSON.parse(body.toString()) as { version?: unknown };
    return typeof version === 'number' ? version : undefined;
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function corrupt(table: string, reason: string, cause?: unknown): FlyerlineError {
  return new FlyerlineError('FL_TABLE_CORRUPT', {
    subject: `The log of table "${table}"`,
    reason,
    remedy: 'restore the missing or broken object of its _delta_log from a backup or an older object version',
    cause,
    retryable: false,
  });
}

function noSuchVersion(table: string, wanted: number, newest: number): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Version ${wanted} of table "${table}"`,
    reason:
      newest < 0
        ? 'does not exist, as the table has no version yet'
        : `does not exist; the newest is ${newest}`,
    remedy: 'ask for a version that exists',
    retryable: false,
  });
}
