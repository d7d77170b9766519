/**
 * `current/`: one object per partition and format, for readers that just glob. It follows the head of the log.
 *
 * The order matters. The object's ETag is taken *before* the log is read, and the object is replaced only if it still
 * has that ETag: so whoever built from an older version finds the ETag changed and builds again. After the put the log
 * is read once more, for a commit that came between. A publisher that dies leaves the old object or the new one; the
 * next publisher, or the reconciler, brings it to the head.
 */
import { z } from 'zod';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';
import { currentKey, currentStateKey, type Day, EXPORT_FORMATS, type ExportFormat } from './lake-keys.ts';
import { contentOfFiles, type Manifest, readManifest } from './manifest.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { sha256Hex } from './sha256.ts';
import { type AddFile, filesOfDay, headToken, readSnapshot, type Snapshot } from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

const ROUNDS_MAX = 20;

const currentState = z.object({
  table: z.string(),
  day: z.string(),
  format: z.enum(EXPORT_FORMATS),
  key: z.string(),
  /** The claim whose version of the partition the object shows. */
  token: z.string(),
  /** The table version it was built from. */
  version: z.number(),
  rowCount: z.number(),
  size: z.number(),
  sha256: z.string(),
  etag: z.string(),
  /** Identity of what it was built from: data files, columns and stamp. */
  source: z.string(),
  /** What the rows mean and come from, by name. */
  stamp: z.record(z.string(), z.string()).default({}),
  /** ISO 8601, UTC. */
  publishedAt: z.string(),
});

/** What `current/` shows of a partition in one format. */
export type CurrentState = z.infer<typeof currentState>;

export interface BuiltExport {
  readonly path: string;
  readonly rowCount: number;
  readonly size: number;
  readonly sha256: string;
}

export interface PublishCurrentOptions {
  readonly day: Day;
  readonly format: ExportFormat;
  /**
   * Makes a file from the partition's data files, which may be none, and checks it; the file is taken. Called again when the
   * log moved on.
   */
  readonly build: (files: readonly AddFile[], stamp: Stamp) => Promise<BuiltExport>;
  /** What an export says of itself; another stamp is another file. @default nothing */
  readonly stampOf?: (manifest: Manifest) => Stamp;
  /** For crash drills: called with the name of each step when it is done. */
  readonly onStep?: (step: CurrentStep) => void | Promise<void>;
}

export type Stamp = Readonly<Record<string, string>>;

export const CURRENT_STEPS = ['current-built', 'current-put', 'current-state-put'] as const;
export type CurrentStep = (typeof CURRENT_STEPS)[number];

export interface CurrentResult extends CurrentState {
  /** `unchanged`: it showed the head already. */
  readonly outcome: 'published' | 'unchanged';
}

/** Throws FL_OBJECT_MISSING when the partition was never committed, and what `build` throws. */
export async function publishCurrent(
  store: ObjectStore,
  schema: TableSchema,
  options: PublishCurrentOptions,
): Promise<CurrentResult> {
  const { day, format } = options;
  const key = currentKey(schema.name, day, format);
  let outcome: CurrentResult['outcome'] = 'unchanged';
  let snapshot: Snapshot | undefined;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const existing = await store.head(key);
    const shown = await readState(store, schema.name, day, format);
    snapshot = await readSnapshot(store, schema.name, { since: snapshot });
    const token = headToken(snapshot, day);
    if (token === undefined) throw neverCommitted(schema.name, day);
    const files = filesOfDay(snapshot, day);
    const stamp = options.stampOf?.(await readManifest(store, schema.name, day, token)) ?? {};
    const source = sourceOf(schema, files, stamp);

    const state = shown?.state;
    const kept = state?.source === source && state.etag === existing?.etag ? state : undefined;
    if (kept?.token === token) return { ...kept, outcome };
    const object = kept ?? (await put(store, key, existing, options, files, stamp));
    if (object === undefined) continue;
    if (kept === undefined) outcome = 'published';

    const next: CurrentState = {
      table: schema.name,
      day,
      format,
      key,
      token,
      version: snapshot.version,
      rowCount: object.rowCount,
      size: object.size,
      sha256: object.sha256,
      etag: object.etag,
      source,
      stamp,
      publishedAt: kept?.publishedAt ?? new Date().toISOString(),
    };
    await putState(store, next, shown?.info);
    await options.onStep?.('current-state-put');
    // The next round sees whether the log or the object has moved on; most often it finds all as it should be.
  }
  throw new FlyerlineError('FL_PRECONDITION', {
    subject: `"${key}"`,
    reason: `was replaced by others ${ROUNDS_MAX} times while it was published`,
    remedy: 'try again with fewer runs of the same day at once',
  });
}

/** What `current/` shows; undefined when the partition was not published in this format. */
export async function readCurrentState(
  store: ObjectStore,
  table: string,
  day: Day,
  format: ExportFormat,
): Promise<CurrentState | undefined> {
  return (await readState(store, table, day, format))?.state;
}

/** Undefined: somebody else replaced the object since `existing` was seen. */
async function put(
  store: ObjectStore,
  key: string,
  existing: ObjectInfo | undefined,
  options: PublishCurrentOptions,
  files: readonly AddFile[],
  stamp: Stamp,
): Promise<(BuiltExport & { readonly etag: string }) | undefined> {
  const built = await options.build(files, stamp);
  await options.onStep?.('current-built');
  const condition = existing === undefined ? { ifAbsent: true as const } : { ifMatch: existing.etag };
  const info = await store.putFile(key, built.path, { ...condition, isGiven: true }).catch(ignoreLoss);
  if (info === undefined) return undefined;
  await options.onStep?.('current-put');
  return { ...built, etag: info.etag };
}

/** A loss means that a later publisher has written its own; the next round finds out. */
async function putState(
  store: ObjectStore,
  state: CurrentState,
  existing: ObjectInfo | undefined,
): Promise<void> {
  const key = currentStateKey(state.table, state.day, state.format);
  const condition = existing === undefined ? { ifAbsent: true as const } : { ifMatch: existing.etag };
  await store.put(key, `${JSON.stringify(state, null, 2)}\n`, condition).catch(ignoreLoss);
}

/** An unreadable state is as good as none, but it is there: the object is built again and the state replaced. */
async function readState(
  store: ObjectStore,
  table: string,
  day: Day,
  format: ExportFormat,
): Promise<{ readonly info: ObjectInfo; readonly state: CurrentState | undefined } | undefined> {
  const found = await store.get(currentStateKey(table, day, format)).catch((error: unknown) => {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  });
  return found && { info: found.info, state: parseState(found.body) };
}

function parseState(body: Buffer): CurrentState | undefined {
  try {
    return currentState.parse(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

function sourceOf(schema: TableSchema, files: readonly AddFile[], stamp: Stamp): string {
  const columns = schema.columns.map(({ name, type, unit, csv }) => [name, type, unit, csv]);
  const content = contentOfFiles(
    files.map(({ sha256, rowCount, path }) => ({ sha256: sha256 ?? path, rowCount })),
  );
  return sha256Hex(JSON.stringify([content, columns, schema.key, stamp]));
}

function ignoreLoss(error: unknown): undefined {
  if (isFlyerlineError(error, 'FL_PRECONDITION')) return undefined;
  throw error;
}

function neverCommitted(table: string, day: Day): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Partition ${table} ${day}`,
    reason: 'was never committed, so there is nothing to publish',
    remedy: 'run the day first',
    retryable: false,
  });
}
