/**
 * Garbage of `stage/`: what staging that died left, batches that count no longer, inputs documents that nobody names.
 *
 * Safe while runs go on, by time, as all collection is. Files are named after the day they were staged on, so nobody
 * who stages now writes or takes over a file that is old enough to go. A batch that counts no longer loses its document
 * first, so that no new run takes it; its files go a grace later, when every run that took it before is over. And what
 * the inputs document of a young run or of a published version names stays: `explain` reads it.
 */
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../lake/object-store.ts';
import { GRACE_MIN_MS, GRACE_MS } from '../../lake/retention.ts';
import { batchKey, batchOfKey, readStageBatchAges } from '../ingest/stage-batch-doc.ts';
import { idleBatches } from './idle-batches.ts';
import { batchesOfInputs, findInputs } from './live-inputs.ts';

const RETIRED_DIR = 'stage/retired/';

export interface StageGcOptions {
  /** Nothing younger is collected. @default 7 days; at least 2 */
  readonly graceMs?: number;
  readonly nowMs?: number;
}

export type StageGarbageKind =
  /** A staged file without a document: whoever staged it died. */
  | 'unstaged'
  /** The document of a batch that counts no longer; it is set aside, and its files go a grace later. */
  | 'batch'
  /** A staged file of such a batch, or the document that was set aside. */
  | 'retired'
  /** An inputs document that no version and no young run names. */
  | 'inputs';

export interface StageGarbage extends ObjectInfo {
  readonly kind: StageGarbageKind;
}

/** Reads only. Throws FL_CONFIG_INVALID for a grace that would not be safe. */
export async function* findStageGarbage(
  store: ObjectStore,
  options: StageGcOptions = {},
): AsyncGenerator<StageGarbage> {
  const beforeMs = checkedBeforeMs(options);
  const isOld = ({ lastModifiedMs }: ObjectInfo) => lastModifiedMs < beforeMs;

  const retired = new Map<string, ObjectInfo>();
  for await (const object of store.list(RETIRED_DIR)) {
    retired.set(object.key.slice(RETIRED_DIR.length, -'.json'.length), object);
  }
  // Documents before inputs: a run puts its inputs after it has read the documents.
  const ages = await readStageBatchAges(store);
  const inputs = await findInputs(store, beforeMs);
  for (const document of inputs.dead) yield { ...document, kind: 'inputs' };

  const used = await batchesOfInputs(store, inputs.live);
  for (const { batch } of idleBatches(ages, beforeMs)) {
    const document = used.has(batch) ? undefined : await store.head(batchKey(batch));
    if (document !== undefined) yield { ...document, kind: 'batch' };
  }

  const counting = new Set(ages.map(({ batch }) => batch.batch));
  for await (const object of store.list('stage/dt=')) {
    const batch = batchOfKey(object.key);
    if (batch === undefined || counting.has(batch) || used.has(batch) || !isOld(object)) continue;
    const document = retired.get(batch);
    if (document === undefined) yield { ...object, kind: 'unstaged' };
    else if (isOld(document)) yield { ...object, kind: 'retired' };
  }
  // Last: as long as files of the batch are there, it says why.
  for (const [batch, document] of retired) {
    if (isOld(document) && !used.has(batch)) yield { ...document, kind: 'retired' };
  }
}

/** Tells each when it is done; deleting what is gone already is no error. */
export async function collectStageGarbage(
  store: ObjectStore,
  options: StageGcOptions = {},
  onCollected: (garbage: StageGarbage) => void = () => undefined,
): Promise<void> {
  const beforeMs = checkedBeforeMs(options);
  for await (const found of findStageGarbage(store, options)) {
    if (found.kind === 'inputs' && !(await isStillOld(store, found.key, beforeMs))) continue;
    if (found.kind === 'batch') await setAside(store, found);
    await store.delete(found.key);
    onCollected(found);
  }
}

/** A run that pins the same inputs again puts the same document again; then it is young. */
async function isStillOld(store: ObjectStore, key: string, beforeMs: number): Promise<boolean> {
  const document = await store.head(key);
  return document !== undefined && document.lastModifiedMs < beforeMs;
}

async function setAside(store: ObjectStore, { key }: ObjectInfo): Promise<void> {
  try {
    const { body } = await store.get(key);
    await store.put(RETIRED_DIR + key.slice(key.lastIndexOf('/') + 1), body);
  } catch (error) {
    // Another collection was faster, and has set it aside.
    if (!isFlyerlineError(error, 'FL_OBJECT_MISSING')) throw error;
  }
}

function checkedBeforeMs({ graceMs = GRACE_MS, nowMs = Date.now() }: StageGcOptions): number {
  if (graceMs >= GRACE_MIN_MS) return nowMs - graceMs;
  throw new FlyerlineError('FL_CONFIG_INVALID', {
    subject: 'Garbage collection',
    reason: 'was asked to collect staged files that runs may still be using',
    remedy: 'spare what is younger than 2 days or more',
    retryable: false,
  });
}
