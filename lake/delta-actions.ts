/** The actions of a Delta log entry (protocol: reader 1, writer 2), as they are read and written. */
import { z } from 'zod';

const text = z.string();
const texts = z.record(text, z.string().nullable());
/** Delta's longs are JSON numbers in log entries and 64-bit integers in checkpoints. */
const long = z.union([z.number(), z.bigint().transform(Number)]);

export const protocolAction = z.object({ minReaderVersion: long, minWriterVersion: long });

export const metadataAction = z.object({
  id: text,
  name: text.nullish(),
  description: text.nullish(),
  schemaString: text,
  partitionColumns: z.array(text),
  configuration: texts.nullish(),
  createdTime: long.nullish(),
});

export const addAction = z.object({
  path: text,
  partitionValues: texts,
  size: long,
  modificationTime: long,
  stats: text.nullish(),
  tags: texts.nullish(),
});

export const removeAction = z.object({
  path: text,
  deletionTimestamp: long.nullish(),
  partitionValues: texts.nullish(),
  size: long.nullish(),
});

export const txnAction = z.object({
  appId: text,
  version: z.union([z.bigint(), z.number().transform(BigInt)]),
  lastUpdated: long.nullish(),
});

/** What our own commits say about themselves, inside `commitInfo`. */
export const commitNote = z.object({
  /** Random: tells one's own entry after a lost reply. */
  commitId: text,
  kind: z.enum(['publish', 'confirm', 'rollback', 'unpin']),
  days: z.array(text),
  runId: text.optional(),
  reason: text.optional(),
});
export type CommitNote = z.infer<typeof commitNote>;

export const commitInfoAction = z.object({
  timestamp: long.nullish(),
  operation: text.nullish(),
  /** An entry by another writer has none, or something of its own. */
  flyerline: commitNote.optional().catch(undefined),
});

export const logAction = z.object({
  protocol: protocolAction.nullish(),
  metaData: metadataAction.nullish(),
  add: addAction.nullish(),
  remove: removeAction.nullish(),
  txn: txnAction.nullish(),
  commitInfo: commitInfoAction.nullish(),
});
export type LogAction = z.infer<typeof logAction>;

export type ProtocolAction = z.infer<typeof protocolAction>;
export type MetadataAction = z.infer<typeof metadataAction>;
export type AddAction = z.infer<typeof addAction>;
export type RemoveAction = z.infer<typeof removeAction>;
export type TxnAction = z.infer<typeof txnAction>;

/** Throws when a line is no action. */
export function parseLogEntry(body: string): LogAction[] {
  return body
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => logAction.parse(JSON.parse(line)));
}

/** One action a line. `txn.version` is a bigint in memory; tokens count claims, so a JSON number holds it. */
export function formatLogEntry(actions: readonly Readonly<Record<string, unknown>>[]): string {
  return actions
    .map(
      (action) =>
        `${JSON.stringify(action, (_, value) => (typeof value === 'bigint' ? Number(value) : value))}\n`,
    )
    .join('');
}
