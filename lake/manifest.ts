/** Manifests: what a partition was made from, by which code, and what came out. */
import { z } from 'zod';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import { type Day, manifestKey, type Token } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { parseDocument } from './parse-document.ts';
import { headToken, readSnapshot, type Snapshot } from './table-log.ts';

const LOSSES_MAX = 5;

const pinnedInput = z.object({ key: z.string(), etag: z.string(), size: z.number() });
const dataFile = z.object({
  key: z.string(),
  rowCount: z.number(),
  size: z.number(),
  sha256: z.string(),
});

const readPartition = z.object({
  table: z.string(),
  day: z.string(),
  token: z.string(),
  /** sha256 over what its files held, hex. */
  contentHash: z.string(),
});

const manifestSchema = z.object({
  table: z.string(),
  day: z.string(),
  token: z.string(),
  /** Of inputs, parameters and code: equal hash, equal output. */
  inputsHash: z.string(),
  codeVersion: z.string(),
  definitionVersion: z.string(),
  params: z.record(z.string(), z.unknown()),
  inputs: z.array(pinnedInput).readonly(),
  /** Key of the document that lists everything the day was computed from. */
  inputsKey: z.string().optional(),
  /** Partitions of other tables that it was made from, as they were. */
  partitions: z.array(readPartition).readonly().optional(),
  rowCount: z.number(),
  files: z.array(dataFile).readonly(),
  runId: z.string(),
  attempt: z.number(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /** The latest event instant that was known; null when there was no event. */
  asOfMs: z.number().nullable(),
  /** Hex digest of the events that it was computed from, cleansed: equal events, equal digest, whatever drops brought them. */
  inputFingerprint: z.string().optional(),
  /** Whether late inputs may still change it; unknown for a table without that question. */
  status: z.enum(['provisional', 'final']).optional(),
  /** Figures worth comparing between versions, by name. */
  stats: z.record(z.string(), z.number()).optional(),
  /** The claim whose files these are, when this claim computed the same bytes. */
  sameBytesAs: z.string().optional(),
  /** The claim whose files a rollback brought back. */
  restores: z.string().optional(),
  /** The preview that it was computed for and looked at in, before it was published. */
  preview: z.string().optional(),
  /** Why, in words, when somebody gave a reason. */
  reason: z.string().optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ReadPartition = z.infer<typeof readPartition>;

/** Throws FL_OBJECT_MISSING. */
export async function readManifest(
  store: ObjectStore,
  table: string,
  day: Day,
  token: Token,
): Promise<Manifest> {
  const key = manifestKey(table, day, token);
  const { body } = await store.get(key);
  return parseManifest(key, body);
}

/** Of the committed version of the partition; undefined when nothing is committed. */
export async function readHeadManifest(
  store: ObjectStore,
  table: string,
  day: Day,
  snapshot?: Snapshot,
): Promise<Manifest | undefined> {
  const token = headToken(snapshot ?? (await readSnapshot(store, table)), day);
  return token === undefined ? undefined : readManifest(store, table, day, token);
}

/**
 * Puts the manifest of a claim. Two attempts of one claim write the same, but for who they are: the first stays.
 * Another content is a claim used for two things, which would make the manifest lie: FL_FENCED.
 */
export async function putManifest(store: ObjectStore, manifest: Manifest): Promise<void> {
  const key = manifestKey(manifest.table, manifest.day, manifest.token);
  const body = `${JSON.stringify(manifest, null, 2)}\n`;
  for (let losses = 0; ; losses += 1) {
    try {
      return await putOrKeep(store, key, body, manifest);
    } catch (error) {
      // Another attempt of this claim is writing at this very moment; what it writes is the same.
      const isRace =
        isFlyerlineError(error, 'FL_PRECONDITION') || isFlyerlineError(error, 'FL_OBJECT_MISSING');
      if (!isRace || losses >= LOSSES_MAX) throw error;
    }
  }
}

async function putOrKeep(store: ObjectStore, key: string, body: string, manifest: Manifest): Promise<void> {
  try {
    await store.put(key, body, { ifAbsent: true });
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    const existing = await store.get(key);
    const theirs = parseManifest(key, existing.body);
    if (contentOf(theirs) !== contentOf(manifest)) throw claimUsedTwice(manifest);
    // Equal bytes under other names: the log moved on between two attempts.
    if (nameOf(theirs) !== nameOf(manifest)) await store.put(key, body, { ifMatch: existing.info.etag });
  }
}

/** What a set of files holds, whatever their names and order. */
export function contentOfFiles(files: readonly { sha256: string; rowCount: number }[]): string {
  return files
    .filter(({ rowCount }) => rowCount > 0)
    .map(({ sha256, rowCount }) => `${sha256}:${rowCount}`)
    .sort()
    .join(',');
}

const contentOf = (manifest: Manifest): string =>
  `${manifest.inputsHash} ${manifest.restores ?? ''} ${contentOfFiles(manifest.files)}`;

const nameOf = (manifest: Manifest): string => manifest.files.map(({ key }) => key).join(',');

function claimUsedTwice({ table, day, token }: Manifest): FlyerlineError {
  return new FlyerlineError('FL_FENCED', {
    subject: `Claim ${BigInt(token)} of ${table} ${day}`,
    reason: 'was already used for files with another content',
    remedy: 'run the day again, which makes a new claim',
    retryable: false,
  });
}

function parseManifest(key: string, body: Buffer): Manifest {
  return parseDocument(manifestSchema, body, {
    subject: `Manifest "${key}"`,
    remedy: 'run the day again with --force, which writes a new one',
  });
}
