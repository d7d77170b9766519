/**
 * Commits a partition: one new entry of the table's log, put only if nobody else has put it.
 *
 * Before the entry a reader sees the old files, after it the new ones; there is no moment in between. What decides who
 * wins is the token of the claim, kept in the log itself as the partition's transaction: the greater token stays.
 */
import { FlyerlineError } from '../infra/errors.ts';
import { writeCheckpointWhenDue } from './checkpoint.ts';
import { requireFreshClaim } from './claim.ts';
import { appendToLog, type LogEdit } from './commit-log.ts';
import type { DataFile } from './data-file.ts';
import type { CommitNote } from './delta-actions.ts';
import { deltaSchemaString, PARTITION_COLUMN, requireCompatible } from './delta-schema.ts';
import { type Day, type Token, tableDir, txnAppId } from './lake-keys.ts';
import { contentOfFiles, type Manifest, putManifest, readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { statsOfFile } from './parquet-stats.ts';
import { type AddFile, filesOfDay, headToken, pinnedToken, type Snapshot } from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

export interface PartitionCommit {
  readonly day: Day;
  /** The claim; every file's name starts with it. */
  readonly token: Token;
  /** All files of the partition; they replace whatever it had. Already in the store. */
  readonly files: readonly DataFile[];
  readonly manifest: Manifest;
  /** Delta statistics (JSON) by key. @default read from the files' footers */
  readonly stats?: ReadonlyMap<string, string>;
}

export interface CommitResult {
  /**
   * `committed`: a new version of the partition. `unchanged`: the committed files hold the same bytes and stay.
   * `already`: this claim has committed before.
   */
  readonly outcome: 'committed' | 'unchanged' | 'already';
  /** The table version that shows the partition as it now is. */
  readonly version: number;
}

export interface CommitOptions {
  /** A checkpoint only makes reading faster: its failure is told, and does not fail the commit. */
  readonly onCheckpointError?: (error: unknown) => void;
  /** For crash drills: called with the name of each step when it is done. */
  readonly onStep?: (step: CommitStep) => void | Promise<void>;
}

export const COMMIT_STEPS = ['checked', 'manifest-put', 'entry-put', 'checkpoint-put'] as const;
export type CommitStep = (typeof COMMIT_STEPS)[number];

/**
 * Throws FL_FENCED when a newer claim has committed, FL_PINNED when a rollback holds the partition, FL_CLAIM_EXPIRED
 * for a claim of more than a day, FL_SCHEMA_MISMATCH when the files or earlier partitions do not fit the schema.
 */
export async function commitPartition(
  store: ObjectStore,
  schema: TableSchema,
  commit: PartitionCommit,
  options: CommitOptions = {},
): Promise<CommitResult> {
  const { day, token, files, manifest } = commit;
  await requireFreshClaim(store, schema.name, day, token);
  const stats = commit.stats ?? (await statsOfFiles(store, schema, files));
  await options.onStep?.('checked');

  const result = await appendToLog<CommitResult['outcome']>(store, schema.name, async (snapshot) => {
    const head = headToken(snapshot, day);
    const current = filesOfDay(snapshot, day);
    const isSame = head !== undefined && contentOfFiles(manifest.files) === contentOfCommitted(current);
    if (head !== undefined && head >= token) {
      if (head === token && isSame) return { done: 'already' };
      throw fenced(schema.name, day, token, head);
    }
    requireUnpinned(snapshot, day);
    if (snapshot.columns !== undefined) requireCompatible(schema, snapshot.columns);

    if (isSame) {
      const committed = await readManifest(store, schema.name, day, head);
      if (committed.inputsHash === manifest.inputsHash) return { done: 'unchanged' };
      // Other inputs or code, same bytes: the log has to know that this claim has confirmed them, or an older claim
      // could still replace them, and the partition would look stale for ever. No file changes.
      await putManifest(store, {
        ...manifest,
        files: committed.files,
        sameBytesAs: committed.sameBytesAs ?? head,
      });
      await options.onStep?.('manifest-put');
      return { edit: editOf(snapshot, schema, commit, 'confirm', [], []), outcome: 'unchanged' };
    }
    await putManifest(store, manifest);
    await options.onStep?.('manifest-put');
    const adds = files.map((file) => addActionOf(schema.name, day, file, stats.get(file.key)));
    return { edit: editOf(snapshot, schema, commit, 'publish', current, adds), outcome: 'committed' };
  });

  if (result.appended) {
    await options.onStep?.('entry-put');
    await writeCheckpointWhenDue(store, result.snapshot, options.onCheckpointError);
    await options.onStep?.('checkpoint-put');
  }
  return { outcome: result.outcome, version: result.snapshot.version };
}

async function statsOfFiles(store: ObjectStore, schema: TableSchema, files: readonly DataFile[]) {
  const stats = new Map<string, string>();
  for (const file of files) stats.set(file.key, await statsOfFile(store, schema, file));
  return stats;
}

function editOf(
  snapshot: Snapshot,
  schema: TableSchema,
  { day, token, manifest }: PartitionCommit,
  kind: CommitNote['kind'],
  removes: readonly AddFile[],
  adds: readonly Record<string, unknown>[],
): LogEdit {
  const { runId, reason } = manifest;
  return {
    note: { kind, days: [day], runId, ...(reason === undefined ? {} : { reason }) },
    operation: { mode: 'Overwrite', partitionBy: `["${PARTITION_COLUMN}"]`, predicate: `dt = '${day}'` },
    schema: schemaEdit(snapshot, schema),
    txns: [{ appId: txnAppId(day), version: BigInt(token) }],
    removes,
    adds,
  };
}

/** Undefined when the log already has the declared schema, comments included. */
function schemaEdit(snapshot: Snapshot, schema: TableSchema): LogEdit['schema'] {
  const schemaString = deltaSchemaString(schema);
  if (snapshot.metadata?.schemaString === schemaString) return undefined;
  return { name: schema.name, description: schema.description, schemaString };
}

function addActionOf(
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
function contentOfCommitted(files: readonly AddFile[]): string {
  return contentOfFiles(
    files.map(({ sha256, rowCount, path }) => ({ sha256: sha256 ?? `of ${path}`, rowCount })),
  );
}

function requireUnpinned(snapshot: Snapshot, day: Day): void {
  const pinned = pinnedToken(snapshot, day);
  if (pinned === undefined) return;
  throw new FlyerlineError('FL_PINNED', {
    subject: `Partition ${snapshot.table} ${day}`,
    reason: `is pinned to version ${BigInt(pinned)} by a rollback`,
    remedy: 'unpin it first when it may change again',
    retryable: false,
  });
}

function fenced(table: string, day: Day, token: Token, head: Token): FlyerlineError {
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
