/** Appends to a table's Delta log: decide on the newest version, put the next one if absent, decide again if it lost. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import { type CommitNote, formatLogEntry, type LogAction, parseLogEntry } from './delta-actions.ts';
import { PARTITION_COLUMN } from './delta-schema.ts';
import { logEntryKey } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { type AddFile, applyEntries, type Snapshot } from './snapshot.ts';
import { readLogEntry, readSnapshot } from './table-log.ts';

/** Lost races in a row. Each means that another commit got through: this bounds a live-lock, not a busy table. */
const LOSSES_MAX = 500;
const PAUSE_MAX_MS = 250;

/** For other Delta writers that clean up: they must not remove what a rollback or the history needs. */
const CONFIGURATION = {
  'delta.deletedFileRetentionDuration': 'interval 120 days',
  'delta.logRetentionDuration': 'interval 3650 days',
};

/** What an entry changes. */
export interface LogEdit {
  readonly note: Omit<CommitNote, 'commitId'>;
  /** Delta's `operationParameters`; values are text. */
  readonly operation: Readonly<Record<string, string>>;
  /** Set when the table is new or its schema changes. */
  readonly schema:
    | { readonly name: string; readonly description: string; readonly schemaString: string }
    | undefined;
  readonly txns: readonly { readonly appId: string; readonly version: bigint }[];
  readonly removes: readonly AddFile[];
  /** Complete `add` actions. */
  readonly adds: readonly Readonly<Record<string, unknown>>[];
}

export type Decision<Outcome> =
  | { readonly edit: LogEdit; readonly outcome: Outcome; readonly done?: never }
  | { readonly done: Outcome; readonly edit?: never };

export interface Appended<Outcome> {
  readonly outcome: Outcome;
  /** Whether an entry was put. */
  readonly appended: boolean;
  /** With the entry. */
  readonly snapshot: Snapshot;
}

/**
 * `decide` is called with `start`, which may be old, and again on the newer version whenever somebody else's entry came
 * first.
 */
export async function appendToLog<Outcome>(
  store: ObjectStore,
  start: Snapshot,
  decide: (snapshot: Snapshot) => Promise<Decision<Outcome>>,
): Promise<Appended<Outcome>> {
  const commitId = randomUUID();
  const { table } = start;
  let snapshot = start;
  for (let losses = 0; losses < LOSSES_MAX; losses += 1) {
    const decision = await decide(snapshot);
    if (decision.edit === undefined) return { outcome: decision.done, appended: false, snapshot };
    const version = snapshot.version + 1;
    const body = entryOf(snapshot, decision.edit, commitId);
    if (await putEntry(store, table, version, body, commitId)) {
      const actions: LogAction[] = parseLogEntry(body);
      return {
        outcome: decision.outcome,
        appended: true,
        snapshot: applyEntries(snapshot, [{ version, actions }]),
      };
    }
    await sleep(Math.random() * Math.min(PAUSE_MAX_MS, 2 ** losses));
    snapshot = await readSnapshot(store, table, { since: snapshot });
  }
  throw new FlyerlineError('FL_STORE_UNREACHABLE', {
    subject: `The log of table "${table}"`,
    reason: `took ${LOSSES_MAX} other commits before this one`,
    remedy: 'try again with fewer runs at once',
  });
}

/** False when another commit has this version. */
async function putEntry(
  store: ObjectStore,
  table: string,
  version: number,
  body: string,
  commitId: string,
): Promise<boolean> {
  try {
    await store.put(logEntryKey(table, version), body, { ifAbsent: true });
    return true;
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    // The entry may be this very one, put before an answer was lost. Its random id tells, whatever the store does.
    const actions = await readLogEntry(store, table, version).catch(ignoreMissing);
    return actions.some(({ commitInfo }) => commitInfo?.flyerline?.commitId === commitId);
  }
}

/** Some servers refuse because another write is under way that is not visible yet, and may never be: decide again. */
function ignoreMissing(error: unknown): readonly LogAction[] {
  if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return [];
  throw error;
}

function entryOf(snapshot: Snapshot, edit: LogEdit, commitId: string): string {
  // Later than the version before, whatever this machine's clock says: time travel needs an order.
  const timestamp = Math.max(Date.now(), (snapshot.committedAtMs ?? 0) + 1);
  const isNew = snapshot.version < 0;
  return formatLogEntry([
    {
      commitInfo: {
        timestamp,
        operation: isNew ? 'CREATE TABLE AS SELECT' : 'WRITE',
        operationParameters: edit.operation,
        isBlindAppend: false,
        engineInfo: 'flyerline',
        txnId: commitId,
        flyerline: { commitId, ...edit.note },
      },
    },
    ...(isNew ? [{ protocol: { minReaderVersion: 1, minWriterVersion: 2 } }] : []),
    ...(edit.schema === undefined ? [] : [{ metaData: metadataOf(snapshot, edit.schema, timestamp) }]),
    ...edit.txns.map((txn) => ({ txn: { ...txn, lastUpdated: timestamp } })),
    ...edit.removes.map(({ path, day, size }) => ({
      remove: {
        path: encodeURI(path),
        deletionTimestamp: timestamp,
        dataChange: true,
        extendedFileMetadata: true,
        partitionValues: { [PARTITION_COLUMN]: day },
        size,
      },
    })),
    ...edit.adds.map((add) => ({ add })),
  ]);
}

function metadataOf(snapshot: Snapshot, schema: NonNullable<LogEdit['schema']>, timestamp: number) {
  return {
    id: snapshot.metadata?.id ?? randomUUID(),
    name: schema.name,
    description: schema.description,
    format: { provider: 'parquet', options: {} },
    schemaString: schema.schemaString,
    partitionColumns: [PARTITION_COLUMN],
    configuration: snapshot.metadata?.configuration ?? CONFIGURATION,
    createdTime: snapshot.metadata?.createdTime ?? timestamp,
  };
}
