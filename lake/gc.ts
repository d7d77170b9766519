/**
 * Garbage collection: finds and deletes what nobody can need any more. Deletes need credentials of their own; nothing
 * else in a lake deletes tables' files.
 *
 * Safe while runs go on: an object goes only when it is older than the grace *and* no version within the retention names
 * it. What is not committed after the grace never will be, because a claim lives for a day; what was replaced within the
 * retention stays; and what a rollback brings back was replaced at least a day short of the retention. What a named snapshot
 * froze stays as long as the snapshot: it is put while its files are live, or replaced so lately that the retention keeps them.
 */
import { FlyerlineError } from '../infra/errors.ts';
import { claimsDir, type Day } from './lake-keys.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';
import { GRACE_MIN_MS, GRACE_MS, RETENTION_MAX_MS, RETENTION_MIN_MS, RETENTION_MS } from './retention.ts';
import { type NamedSnapshot, readNamedSnapshots } from './snapshots/named-snapshot.ts';
import { headToken, readSnapshot, type Snapshot } from './table-log.ts';

export interface GcOptions {
  /** How long a replaced file stays. @default 30 days; 2 to 90 */
  readonly retentionMs?: number;
  /** Nothing younger is collected. @default 7 days; at least 2 */
  readonly graceMs?: number;
  readonly nowMs?: number;
}

export type GarbageKind =
  /** A data file that a newer version replaced before the retention. */
  | 'replaced'
  /** A data file that no version ever named: its run died before the commit. */
  | 'orphan'
  | 'claim'
  | 'manifest'
  /** Results of checks of what was never committed, or is gone. */
  | 'checks'
  /** Files that tasks of one run left for each other. */
  | 'scratch'
  | 'probe';

export interface Garbage extends ObjectInfo {
  readonly kind: GarbageKind;
}

/**
 * Reads listings, logs and snapshots only. Throws FL_CONFIG_INVALID for limits that would not be safe, FL_TABLE_CORRUPT for a
 * snapshot that cannot be read.
 */
export async function* findGarbage(store: ObjectStore, options: GcOptions = {}): AsyncGenerator<Garbage> {
  const limits = checkedLimits(options);
  const tables = new TableReferences(store, limits, await readNamedSnapshots(store));
  const isOld = (object: ObjectInfo) => limits.nowMs - object.lastModifiedMs > limits.graceMs;

  for await (const object of store.list('ctl/')) {
    const kind = isOld(object) ? await controlKind(object.key, tables) : undefined;
    if (kind !== undefined) yield { ...object, kind };
  }
  for await (const object of store.list('scratch/')) {
    if (isOld(object)) yield { ...object, kind: 'scratch' };
  }
  for await (const object of store.list('tables/')) {
    const [, table, path] = /^tables\/([^/]+)\/(dt=.*)$/.exec(object.key) ?? [];
    if (path === undefined || !isOld(object)) continue;
    const { needed, snapshot } = await tables.of(table!);
    if (needed.has(path)) continue;
    yield { ...object, kind: snapshot.removed.has(path) ? 'replaced' : 'orphan' };
  }
}

/** How many uploads in parts would be aborted. */
export async function countAbandonedUploads(store: ObjectStore, options: GcOptions = {}): Promise<number> {
  const { nowMs, graceMs } = checkedLimits(options);
  return (await store.abortUploads?.(nowMs - graceMs, { dryRun: true })) ?? 0;
}

/** Deletes one by one, and tells each when it is gone; deleting what is gone already is no error. */
export async function collectGarbage(
  store: ObjectStore,
  options: GcOptions = {},
  onDeleted: (garbage: Garbage) => void = () => undefined,
): Promise<{ readonly objects: number; readonly bytes: number; readonly uploads: number }> {
  const limits = checkedLimits(options);
  let [objects, bytes] = [0, 0];
  for await (const found of findGarbage(store, limits)) {
    await store.delete(found.key);
    objects += 1;
    bytes += found.size;
    onDeleted(found);
  }
  const uploads = (await store.abortUploads?.(limits.nowMs - limits.graceMs)) ?? 0;
  return { objects, bytes, uploads };
}

type Limits = Required<GcOptions>;

function checkedLimits(options: GcOptions): Limits {
  const { retentionMs = RETENTION_MS, graceMs = GRACE_MS, nowMs = Date.now() } = options;
  const isSafe =
    retentionMs >= RETENTION_MIN_MS && retentionMs <= RETENTION_MAX_MS && graceMs >= GRACE_MIN_MS;
  if (isSafe) return { retentionMs, graceMs, nowMs };
  throw new FlyerlineError('FL_CONFIG_INVALID', {
    subject: 'Garbage collection',
    reason: 'was asked to keep replaced files or young objects for a time that is not safe',
    remedy: 'keep replaced files for 2 to 90 days, and spare what is younger than 2 days or more',
    retryable: false,
  });
}

/** Undefined: it stays. */
async function controlKind(key: string, tables: TableReferences): Promise<GarbageKind | undefined> {
  if (key.startsWith('ctl/.probe/')) return 'probe';
  const [, table, kind, day, token] =
    /^ctl\/([^/]+)\/(claims|manifests|checks\/[^/]+)\/dt=([^/]+)\/(\d{20})(?:\.json)?$/.exec(key) ?? [];
  if (token === undefined) return undefined;
  const { snapshot, neededClaims } = await tables.of(table!);
  const isNeeded = neededClaims.has(`${day}/${token}`) || headToken(snapshot, day!) === token;
  if (kind === 'manifests') return isNeeded ? undefined : 'manifest';
  // The newest claim keeps the count: without it the next claim would get a number that was used before. And what was found of it says
  // why the day was not published.
  if ((await tables.newestClaim(table!, day!)) === token) return undefined;
  if (kind === 'claims') return 'claim';
  return isNeeded ? undefined : 'checks';
}

/** What the logs of the tables name; each is read once, when it is asked for first. */
class TableReferences {
  readonly #store: ObjectStore;
  readonly #limits: Limits;
  readonly #named: readonly NamedSnapshot[];
  readonly #tables = new Map<string, Promise<References>>();
  #newest = { dir: '', token: '' };

  constructor(store: ObjectStore, limits: Limits, named: readonly NamedSnapshot[]) {
    this.#store = store;
    this.#limits = limits;
    this.#named = named;
  }

  of(table: string): Promise<References> {
    let references = this.#tables.get(table);
    if (references === undefined) {
      references = readSnapshot(this.#store, table).then((snapshot) =>
        referencesOf(snapshot, this.#limits, this.#named),
      );
      this.#tables.set(table, references);
    }
    return references;
  }

  /** Claims are listed day by day, so the last answer is the one that is asked for again. */
  async newestClaim(table: string, day: Day): Promise<string> {
    const dir = claimsDir(table, day);
    if (this.#newest.dir !== dir) {
      let token = '';
      for await (const { key } of this.#store.list(dir)) token = key.slice(dir.length);
      this.#newest = { dir, token };
    }
    return this.#newest.token;
  }
}

interface References {
  readonly snapshot: Snapshot;
  /** Paths of data files that a version within the retention shows, or a named snapshot. */
  readonly needed: ReadonlySet<string>;
  /** `day/token` of the claims that wrote them, or confirmed them for a named snapshot. */
  readonly neededClaims: ReadonlySet<string>;
}

function referencesOf(
  snapshot: Snapshot,
  { retentionMs, nowMs }: Limits,
  named: readonly NamedSnapshot[],
): References {
  const needed = new Set(snapshot.files.keys());
  for (const [path, { removedAtMs }] of snapshot.removed) {
    if (nowMs - removedAtMs <= retentionMs) needed.add(path);
  }
  const frozen = named
    .flatMap(({ tables }) => tables)
    .filter(({ table }) => table === snapshot.table)
    .flatMap(({ partitions }) => partitions);
  for (const { files } of frozen) for (const { path } of files) needed.add(path);
  const neededClaims = new Set([
    ...[...needed].map((path) => path.replace(/^dt=([^/]+)\/(\d{20})-.*$/, '$1/$2')),
    ...frozen.map(({ day, token }) => `${day}/${token}`),
  ]);
  return { snapshot, needed, neededClaims };
}
