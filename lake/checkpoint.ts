/** Checkpoints: the whole state of a table in one Parquet file, so that nobody replays a long log. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFlyerlineError } from '../infra/errors.ts';
import { PARTITION_COLUMN } from './delta-schema.ts';
import { copyTo, openDuck, sqlString } from './duckdb.ts';
import { checkpointKey, lastCheckpointKey } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { TOMBSTONE_LIFETIME_MS } from './retention.ts';
import type { Snapshot } from './snapshot.ts';

export const CHECKPOINT_INTERVAL = 10;
/** `_last_checkpoint` is a hint: after so many lost races somebody else's will do. */
const POINTER_LOSSES_MAX = 10;
const MEMORY_LIMIT_BYTES = 256 * 1024 * 1024;

/** The types of Delta's checkpoint schema that protocol 1/2 needs. */
const COLUMNS = {
  txn: 'STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)',
  add: `STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT,
    dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR))`,
  remove: `STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN,
    partitionValues MAP(VARCHAR, VARCHAR), size BIGINT)`,
  metaData: `STRUCT(id VARCHAR, name VARCHAR, description VARCHAR,
    format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR,
    partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)`,
  protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER)',
} as const;

/** Every tenth version gets one. Its failure is told to `onError`: the next due version will try again. */
export async function writeCheckpointWhenDue(
  store: ObjectStore,
  snapshot: Snapshot,
  onError: (error: unknown) => void = () => undefined,
): Promise<void> {
  if (snapshot.version === 0 || snapshot.version % CHECKPOINT_INTERVAL !== 0) return;
  try {
    await writeCheckpoint(store, snapshot);
  } catch (error) {
    onError(error);
  }
}

export async function writeCheckpoint(store: ObjectStore, snapshot: Snapshot): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-checkpoint-'));
  try {
    const rows = checkpointRows(snapshot);
    const json = join(dir, 'actions.ndjson');
    await writeFile(json, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const parquet = join(dir, 'checkpoint.parquet');
    await convert(json, parquet, dir);
    await store
      .putFile(checkpointKey(snapshot.table, snapshot.version), parquet, { ifAbsent: true })
      .catch(ignoreLoss);
    await pointTo(store, snapshot, rows.length);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function convert(json: string, parquet: string, tempDir: string): Promise<void> {
  const duck = await openDuck({ memoryLimitBytes: MEMORY_LIMIT_BYTES, threads: 1, tempDir });
  try {
    const columns = Object.entries(COLUMNS).map(([name, type]) => `${name}: ${sqlString(type)}`);
    const source = `read_json(${sqlString(json)}, format = 'newline_delimited', columns = {${columns.join(', ')}},
      maximum_object_size = 67108864)`;
    // Every reader of Delta reads snappy; its default codec is snappy too.
    await copyTo(duck, parquet, `SELECT * FROM ${source}`, ['FORMAT parquet', 'COMPRESSION snappy']);
  } finally {
    await duck.close();
  }
}

function checkpointRows(snapshot: Snapshot): object[] {
  const { protocol, metadata, txns, files, removed } = snapshot;
  const oldest = Date.now() - TOMBSTONE_LIFETIME_MS;
  return [
    { protocol },
    { metaData: { ...metadata, format: { provider: 'parquet', options: {} } } },
    ...[...txns].map(([appId, version]) => ({ txn: { appId, version: Number(version) } })),
    ...[...removed.values()]
      .filter(({ removedAtMs }) => removedAtMs >= oldest)
      .map(({ path, day, size, removedAtMs }) => ({
        remove: {
          path: encodeURI(path),
          deletionTimestamp: removedAtMs,
          dataChange: false,
          extendedFileMetadata: true,
          partitionValues: { [PARTITION_COLUMN]: day },
          size,
        },
      })),
    ...[...files.values()].map(({ path, day, size, modificationTimeMs, stats, sha256 }) => ({
      add: {
        path: encodeURI(path),
        partitionValues: { [PARTITION_COLUMN]: day },
        size,
        modificationTime: modificationTimeMs,
        dataChange: false,
        stats,
        tags: sha256 === undefined ? undefined : { sha256 },
      },
    })),
  ];
}

/** Forwards only: a slow writer of an older checkpoint must not make readers replay more than they need. */
async function pointTo(store: ObjectStore, snapshot: Snapshot, size: number): Promise<void> {
  const key = lastCheckpointKey(snapshot.table);
  const body = JSON.stringify({ version: snapshot.version, size });
  for (let losses = 0; losses < POINTER_LOSSES_MAX; losses += 1) {
    const existing = await store.get(key).catch((error: unknown) => {
      if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
      throw error;
    });
    if (existing !== undefined && versionIn(existing.body) >= snapshot.version) return;
    const condition = existing === undefined ? { ifAbsent: true as const } : { ifMatch: existing.info.etag };
    const isPut = await store.put(key, body, condition).then(() => true, ignoreLoss);
    if (isPut) return;
  }
}

function versionIn(body: Buffer): number {
  try {
    return Number((JSON.parse(body.toString()) as { version?: unknown }).version ?? -1);
  } catch {
    return -1;
  }
}

function ignoreLoss(error: unknown): undefined {
  if (isFlyerlineError(error, 'FL_PRECONDITION')) return undefined;
  throw error;
}
