/** `ctl/snapshots/<name>.json`: versions of tables under a name. What it names stays, whatever is restated and collected. */
import { z } from 'zod';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import { SNAPSHOTS_DIR, snapshotKey } from '../lake-keys.ts';
import { contentOfFiles } from '../manifest.ts';
import type { ObjectStore } from '../object-store.ts';
import { parseDocument } from '../parse-document.ts';
import { getText } from '../replace-text.ts';
import { sha256Hex } from '../sha256.ts';

const frozenFile = z.object({
  /** Within the table's folder, as the Delta log names it. */
  path: z.string(),
  /** Bytes. */
  size: z.number(),
  rowCount: z.number(),
  /** Hex; empty for files that another writer added. */
  sha256: z.string(),
});

const frozenPartition = z.object({
  day: z.string(),
  /** The claim whose version it is. */
  token: z.string(),
  rowCount: z.number(),
  files: z.array(frozenFile).readonly(),
});

const frozenTable = z.object({
  table: z.string(),
  /** Of the Delta table: `DeltaTable(path, version=…)` reads it. */
  version: z.number(),
  rowCount: z.number(),
  /** Bytes. */
  size: z.number(),
  /** In order of days; days of the table's version that are not in the snapshot's range are not frozen. */
  partitions: z.array(frozenPartition).readonly(),
});

const namedSnapshot = z.object({
  format: z.literal(1),
  name: z.string(),
  note: z.string().nullable(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /** Both included; null: from the first day, to the last. */
  from: z.string().nullable(),
  to: z.string().nullable(),
  /** Hex digest of all rows that are frozen: equal rows in equal order, equal digest. */
  content: z.string(),
  /** Days whose tables did not belong together when they were frozen, and why. */
  mixed: z.array(z.object({ day: z.string(), reason: z.string() })).readonly(),
  tables: z.array(frozenTable).readonly(),
});

export type NamedSnapshot = z.infer<typeof namedSnapshot>;
export type FrozenTable = z.infer<typeof frozenTable>;
export type FrozenPartition = z.infer<typeof frozenPartition>;

/** Throws FL_SNAPSHOT_UNKNOWN, and FL_TABLE_CORRUPT for a document that does not parse. */
export async function readNamedSnapshot(store: ObjectStore, name: string): Promise<NamedSnapshot> {
  const found = isName(name) ? await findNamedSnapshot(store, name) : undefined;
  if (found !== undefined) return found;
  const names = await listNames(store);
  throw new FlyerlineError('FL_SNAPSHOT_UNKNOWN', {
    subject: `Snapshot "${name}"`,
    reason: 'is not in the lake',
    remedy: names.length === 0 ? 'make one with "snapshot create"' : `there are: ${names.join(', ')}`,
    retryable: false,
  });
}

/** In order of names. Throws as `readNamedSnapshot` does: who collects garbage must know all of them. */
export async function readNamedSnapshots(store: ObjectStore): Promise<NamedSnapshot[]> {
  const found: NamedSnapshot[] = [];
  for (const name of await listNames(store)) {
    // Undefined when somebody has deleted it since it was listed.
    const snapshot = await findNamedSnapshot(store, name);
    if (snapshot !== undefined) found.push(snapshot);
  }
  return found;
}

/**
 * Puts it if the name is free. `existing`: the name stands for the same rows already, and stays as it was.
 * Throws FL_SNAPSHOT_EXISTS when it stands for others, FL_USAGE for a text that is no name.
 */
export async function putNamedSnapshot(
  store: ObjectStore,
  snapshot: NamedSnapshot,
): Promise<{ readonly outcome: 'created' | 'existing'; readonly snapshot: NamedSnapshot }> {
  requireName(snapshot.name);
  try {
    await store.put(snapshotKey(snapshot.name), `${JSON.stringify(snapshot, null, 1)}\n`, { ifAbsent: true });
    return { outcome: 'created', snapshot };
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
  }
  const existing = await readNamedSnapshot(store, snapshot.name);
  if (existing.content === snapshot.content) return { outcome: 'existing', snapshot: existing };
  throw new FlyerlineError('FL_SNAPSHOT_EXISTS', {
    subject: `Snapshot "${snapshot.name}"`,
    reason: `was taken at ${existing.createdAt.slice(0, 19)}Z and holds other rows than were asked for now`,
    remedy: 'take another name, or delete it first when nobody needs it any more',
    retryable: false,
  });
}

/** What it alone kept is garbage from now on. Needs credentials that may delete. Throws FL_SNAPSHOT_UNKNOWN. */
export async function deleteNamedSnapshot(store: ObjectStore, name: string): Promise<NamedSnapshot> {
  const snapshot = await readNamedSnapshot(store, name);
  await store.delete(snapshotKey(name));
  return snapshot;
}

/** Of the rows of all partitions, whatever their files are called. */
export function contentOfTables(tables: readonly FrozenTable[]): string {
  const content = tables
    .toSorted((a, b) => (a.table < b.table ? -1 : 1))
    .map(({ table, partitions }) => [
      table,
      partitions.map(({ day, files }) => [day, contentOfFiles(files)]),
    ]);
  return sha256Hex(JSON.stringify(content));
}

/** Throws FL_USAGE. */
export function requireName(name: string): void {
  if (isName(name)) return;
  throw new FlyerlineError('FL_USAGE', {
    subject: `The name "${name}"`,
    reason: 'cannot be that of a snapshot',
    remedy: 'use up to 64 letters, digits, "-", "_" and ".", and begin with a letter or digit',
    retryable: false,
  });
}

/** It is part of a key, and people type it. */
const isName = (text: string): boolean => /^[A-Za-z0-9][\w.-]{0,63}$/.test(text);

async function listNames(store: ObjectStore): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of store.list(SNAPSHOTS_DIR)) {
    if (key.endsWith('.json')) names.push(key.slice(SNAPSHOTS_DIR.length, -'.json'.length));
  }
  return names;
}

async function findNamedSnapshot(store: ObjectStore, name: string): Promise<NamedSnapshot | undefined> {
  const key = snapshotKey(name);
  const found = await getText(store, key);
  if (found === undefined) return undefined;
  return parseDocument(namedSnapshot, found.text, {
    subject: `Snapshot document "${key}"`,
    remedy: 'restore it from a backup or an older object version, or delete it when nobody needs it',
  });
}
