/** Backfills of long ago: what was planned, and what became of it, goes when nobody has touched it for long. */
import { FlyerlineError } from '../../infra/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../lake/object-store.ts';
import { BACKFILLS_DIR } from './backfill-store.ts';

const DAY_MS = 86_400_000;

/** By then a plan has long drifted; what was made is told by the manifests of the versions. */
export const BACKFILL_RETENTION_DAYS = 90;
/** One that goes on is written to, but not every hour. */
const RETENTION_MIN_DAYS = 7;

export interface OldBackfillsOptions {
  /** How long a backfill stays after it was planned or changed last. @default 90 days; at least 7 */
  readonly keptMs?: number;
  readonly nowMs?: number;
}

export interface OldBackfill extends ObjectInfo {
  readonly kind: 'backfill';
}

/** The state comes last: of a backfill that is half deleted something is left to be found. Throws FL_CONFIG_INVALID. */
export async function* findOldBackfills(
  store: ObjectStore,
  { keptMs = BACKFILL_RETENTION_DAYS * DAY_MS, nowMs = Date.now() }: OldBackfillsOptions = {},
): AsyncGenerator<OldBackfill> {
  checkOldBackfills({ keptMs });
  let objects: ObjectInfo[] = [];
  let id: string | undefined;
  const isOld = () => objects.every(({ lastModifiedMs }) => nowMs - lastModifiedMs > keptMs);
  // Listed in order, so backfill by backfill. Its state is written with every change: the youngest object is the last change.
  for await (const object of store.list(BACKFILLS_DIR)) {
    const next = object.key.slice(BACKFILLS_DIR.length).split('/')[0];
    if (next !== id) {
      if (isOld()) yield* objects.map(asGarbage);
      objects = [];
      id = next;
    }
    objects.push(object);
  }
  if (isOld()) yield* objects.map(asGarbage);
}

const asGarbage = (object: ObjectInfo): OldBackfill => ({ ...object, kind: 'backfill' });

/** For who is about to delete other things first. Throws FL_CONFIG_INVALID for a time that is too short. */
export function checkOldBackfills({ keptMs = BACKFILL_RETENTION_DAYS * DAY_MS }: OldBackfillsOptions): void {
  if (!(keptMs >= RETENTION_MIN_DAYS * DAY_MS)) throw tooShort();
}

/** Deletes one by one, and tells each when it is gone. */
export async function deleteOldBackfills(
  store: ObjectStore,
  options: OldBackfillsOptions = {},
  onDeleted: (backfill: OldBackfill) => void = () => {},
): Promise<void> {
  for await (const found of findOldBackfills(store, options)) {
    await store.delete(found.key);
    onDeleted(found);
  }
}

function tooShort(): FlyerlineError {
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: 'Garbage collection',
    reason: `was asked to keep backfills for less than ${RETENTION_MIN_DAYS} days`,
    remedy: 'keep them longer: one that goes on may not have been written to for a while',
    retryable: false,
  });
}
