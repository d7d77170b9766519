/** What a commit of a partition would be on a given version of its table: new, unchanged, done already, or refused. */
import { FlyerlineError } from '../infra/errors.ts';
import type { CommitOutcome, PartitionCommit } from './commit.ts';
import type { DataFile } from './data-file.ts';
import { PARTITION_COLUMN } from './delta-schema.ts';
import { type Day, type Token, tableDir } from './lake-keys.ts';
import { contentOfFiles, type Manifest, readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { type AddFile, filesOfDay, headToken, pinnedToken, type Snapshot } from './table-log.ts';

export interface PartitionVerdict {
  readonly commit: PartitionCommit;
  readonly outcome: CommitOutcome;
  /** To be put before the log entry; undefined when there is nothing to write. */
  readonly manifest: Manifest | undefined;
  readonly removes: readonly AddFile[];
  readonly adds: readonly DataFile[];
}

/** Throws FL_FENCED or FL_PINNED. */
export async function verdictOn(
  store: ObjectStore,
  snapshot: Snapshot,
  table: string,
  commit: PartitionCommit,
): Promise<PartitionVerdict> {
  const { day, token, files, manifest } = commit;
  const head = headToken(snapshot, day);
  const current = filesOfDay(snapshot, day);
  const isSame = head !== undefined && contentOfFiles(files) === contentOfCommitted(current);
  const nothing = { commit, manifest: undefined, removes: [], adds: [] };

  if (head !== undefined && head >= token) {
    if (head === token && isSame) return { ...nothing, outcome: 'already' };
    throw fenced(table, day, token, head);
  }
  requireUnpinned(snapshot, day);
  if (!isSame) return { commit, outcome: 'committed', manifest, removes: current, adds: files };

  const committed = await readManifest(store, table, day, head);
  if (committed.inputsHash === manifest.inputsHash) return { ...nothing, outcome: 'unchanged' };
  // Other inputs or code, same bytes. The log has to know that this claim has confirmed them, or an older claim could
  // still replace them and the partition would look stale for ever. No file changes.
  const sameBytesAs = committed.sameBytesAs ?? head;
  return {
    ...nothing,
    outcome: 'unchanged',
    manifest: { ...manifest, files: committed.files, sameBytesAs },
  };
}

export function addActionOf(
  table: string,
  day: Day,
  file: DataFile,
  stats: string | undefined,
): Record<string, unknown> {
  return {
    path: encodeURI(file.key.slice(tableDir(table).length)),
    partitionValues: { [PARTITION_COLUMN]: day },
    size: file.size,
    modificationTime: Date.now(),
    dataChange: true,
    stats: stats ?? JSON.stringify({ numRecords: file.rowCount }),
    tags: { sha256: file.sha256 },
  };
}

/** A file without a hash is another writer's: never the same. */
export function contentOfCommitted(files: readonly AddFile[]): string {
  return contentOfFiles(
    files.map(({ sha256, rowCount, path }) => ({ sha256: sha256 ?? `of ${path}`, rowCount })),
  );
}

export function fenced(table: string, day: Day, token: Token, head: Token): FlyerlineError {
  const isOwn = head === token;
  return new FlyerlineError('FL_FENCED', {
    subject: `Claim ${BigInt(token)} of ${table} ${day}`,
    reason: isOwn
      ? 'has already committed another content'
      : `is older than claim ${BigInt(head)}, which has committed`,
    remedy: isOwn ? 'run the day again, which makes a new claim' : 'nothing to do: the newer version stays',
    retryable: false,
  });
}

function requireUnpinned(snapshot: Snapshot, day: Day): void {
  const pinned = pinnedToken(snapshot, day);
  if (pinned === undefined) return;
  throw new FlyerlineError('FL_PINNED', {
    subject: `Partition ${snapshot.table} ${day}`,
    reason: 'is pinned by a rollback',
    remedy: 'unpin it first when it may change again',
    retryable: false,
  });
}
