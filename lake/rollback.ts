/** Brings an earlier version of a partition back, as a new version, and pins it there. */
import { randomUUID } from 'node:crypto';
import { FlyerlineError } from '../infra/errors.ts';
import { writeCheckpointWhenDue } from './checkpoint.ts';
import { claimPartition } from './claim.ts';
import { appendToLog, type LogEdit } from './commit-log.ts';
import { type Day, pinAppId, type Token, txnAppId } from './lake-keys.ts';
import { putManifest, readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { addActionOf, contentOfCommitted, fenced } from './partition-verdict.ts';
import { RETENTION_MS, ROLLBACK_MARGIN_MS } from './retention.ts';
import {
  type AddFile,
  filesOfDay,
  headToken,
  pinnedToken,
  readSnapshot,
  type Snapshot,
} from './table-log.ts';

/** Files that were removed longer ago may be collected while a rollback brings them back. */
const RESTORABLE_MS = RETENTION_MS - ROLLBACK_MARGIN_MS;

export interface RollbackOptions {
  readonly day: Day;
  /** The table version whose files of the day come back. */
  readonly toVersion: number;
  /** Kept in the log, the manifest and the feed. */
  readonly reason: string;
  /** Whether later runs are kept from replacing the partition. @default true */
  readonly pin?: boolean;
}

export interface RollbackResult {
  /** `unchanged`: the partition already shows these files; only the pin may have changed. */
  readonly outcome: 'restored' | 'unchanged';
  readonly version: number;
  readonly token: Token;
  readonly restores: Token;
  readonly rowCount: number;
}

/**
 * A new claim, so that attempts in flight are fenced. The table is changed; bring `current/` after it as after any
 * commit. Throws FL_OBJECT_MISSING when the version never had the partition or its files are collected.
 */
export async function rollbackPartition(
  store: ObjectStore,
  table: string,
  { day, toVersion, reason, pin = true }: RollbackOptions,
): Promise<RollbackResult> {
  const then = await readSnapshot(store, table, { version: toVersion });
  const restores = headToken(then, day);
  if (restores === undefined) {
    throw notRestorable(table, day, toVersion, 'has no version of the partition');
  }
  const files = filesOfDay(then, day);
  const old = await readManifest(store, table, day, restores);
  const token = await claimPartition(store, table, day);
  const start = await readSnapshot(store, table);
  const runId = `rollback__${randomUUID()}`;

  const result = await appendToLog<RollbackResult['outcome']>(store, start, async (snapshot) => {
    const head = headToken(snapshot, day);
    if (head !== undefined && head >= token) throw fenced(table, day, token, head);
    const current = filesOfDay(snapshot, day);
    const isSame = contentOfCommitted(current) === contentOfCommitted(files);
    if (!isSame) await requireRestorable(store, snapshot, day, toVersion, files);
    const kept = isSame ? current : files;
    await putManifest(store, {
      ...old,
      token,
      runId,
      attempt: 1,
      createdAt: new Date().toISOString(),
      reason,
      restores: old.restores ?? restores,
      files: kept.map(({ key, rowCount, size, sha256 }) => ({ key, rowCount, size, sha256: sha256 ?? '' })),
    });
    const edit: LogEdit = {
      note: { kind: 'rollback', days: [day], runId, reason },
      operation: { day, toVersion: String(toVersion) },
      schema: undefined,
      txns: [
        { appId: txnAppId(day), version: BigInt(token) },
        ...(pin ? [{ appId: pinAppId(day), version: BigInt(token) }] : []),
      ],
      removes: isSame ? [] : current,
      adds: isSame
        ? []
        : files.map((file) => addActionOf(table, day, { ...file, sha256: file.sha256 ?? '' }, file.stats)),
    };
    return { edit, outcome: isSame ? 'unchanged' : 'restored' };
  });
  await writeCheckpointWhenDue(store, result.snapshot);
  const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
  return { outcome: result.outcome, version: result.snapshot.version, token, restores, rowCount };
}

/** Lets later runs replace the partition again; false when it was not pinned. */
export async function unpinPartition(
  store: ObjectStore,
  table: string,
  day: Day,
  reason: string,
): Promise<boolean> {
  const result = await appendToLog<boolean>(store, await readSnapshot(store, table), async (snapshot) => {
    if (pinnedToken(snapshot, day) === undefined) return { done: false };
    const edit: LogEdit = {
      note: { kind: 'unpin', days: [day], reason },
      operation: { day },
      schema: undefined,
      txns: [{ appId: pinAppId(day), version: 0n }],
      removes: [],
      adds: [],
    };
    return { edit, outcome: true };
  });
  if (result.appended) await writeCheckpointWhenDue(store, result.snapshot);
  return result.outcome;
}

/** Every file has to be there now, and to stay: GC knows only what the log names. */
async function requireRestorable(
  store: ObjectStore,
  snapshot: Snapshot,
  day: Day,
  toVersion: number,
  files: readonly AddFile[],
): Promise<void> {
  for (const { path, key, size } of files) {
    if (snapshot.files.has(path)) continue;
    const removedAtMs = snapshot.removed.get(path)?.removedAtMs ?? 0;
    if (Date.now() - removedAtMs > RESTORABLE_MS) {
      throw notRestorable(snapshot.table, day, toVersion, `names "${key}", which was replaced too long ago`);
    }
    if ((await store.head(key))?.size !== size) {
      throw notRestorable(snapshot.table, day, toVersion, `names "${key}", which is not there any more`);
    }
  }
}

function notRestorable(table: string, day: Day, version: number, reason: string): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Version ${version} of ${table}`,
    reason: `cannot be brought back for ${day}: it ${reason}`,
    remedy: 'choose a newer version, or run the day again from its drops',
    retryable: false,
  });
}
