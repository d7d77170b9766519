/** Previews that go: discarded by somebody, or left alone for too long. One that is half published stays until somebody ends it. */
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectInfo, ObjectStore } from '../object-store.ts';
import { GRACE_MS } from '../retention.ts';
import {
  changePreviewState,
  listPreviewIds,
  type Preview,
  type PreviewState,
  previewDir,
  readPreview,
  readPreviewState,
} from './preview-doc.ts';

const DAY_MS = 86_400_000;

/** How long a preview stays that nobody touches. */
export const PREVIEW_RETENTION_DAYS = 14;

export interface PreviewGcOptions {
  /** How long a preview stays after it was begun or changed last. @default 14 days */
  readonly previewRetentionMs?: number;
  /** Files that its runs left for each other stay so long. @default 7 days */
  readonly graceMs?: number;
  readonly nowMs?: number;
}

export type PreviewGarbageKind = 'preview' | 'preview-scratch';

export interface PreviewGarbage extends ObjectInfo {
  readonly kind: PreviewGarbageKind;
}

/** Of a preview that goes its documents come last: who dies on the way leaves something to be found. */
export async function* findPreviewGarbage(
  store: ObjectStore,
  options: PreviewGcOptions = {},
): AsyncGenerator<PreviewGarbage> {
  const {
    previewRetentionMs = PREVIEW_RETENTION_DAYS * DAY_MS,
    graceMs = GRACE_MS,
    nowMs = Date.now(),
  } = options;
  for (const id of await listPreviewIds(store)) {
    const state = await stateOf(store, id);
    const isOver =
      state === undefined ||
      state.status === 'discarded' ||
      (state.status !== 'publishing' && nowMs - state.updatedAtMs > previewRetentionMs);
    if (isOver) yield* objectsOf(store, previewDir(id), 'preview');
    else {
      for await (const object of objectsOf(store, `${previewDir(id)}lake/scratch/`, 'preview-scratch')) {
        if (nowMs - object.lastModifiedMs > graceMs) yield object;
      }
    }
  }
}

/** Deletes one by one, and tells each when it is gone. */
export async function collectPreviewGarbage(
  store: ObjectStore,
  options: PreviewGcOptions = {},
  onDeleted: (garbage: PreviewGarbage) => void = () => undefined,
): Promise<void> {
  for await (const found of findPreviewGarbage(store, options)) {
    await store.delete(found.key);
    onDeleted(found);
  }
}

/**
 * Marks it, and deletes all that it has. Where only the collector may delete, the mark has to do: false is returned then. Throws
 * FL_PREVIEW_STATE for one that is half published, unless `force`.
 */
export async function discardPreview(
  store: ObjectStore,
  preview: Preview,
  { force = false }: { readonly force?: boolean } = {},
): Promise<boolean> {
  await changePreviewState(store, preview, ({ status }) => {
    if (status === 'publishing' && !force) throw halfPublished(preview.id);
    return { status: 'discarded' };
  });
  try {
    for await (const { key } of objectsOf(store, previewDir(preview.id), 'preview')) await store.delete(key);
    return true;
  } catch (error) {
    if (isFlyerlineError(error, 'FL_STORE_UNREACHABLE')) return false;
    throw error;
  }
}

/** Undefined for the rest of one whose documents are gone. */
async function stateOf(store: ObjectStore, id: string): Promise<PreviewState | undefined> {
  try {
    return await readPreviewState(store, await readPreview(store, id));
  } catch (error) {
    if (isFlyerlineError(error, 'FL_PREVIEW_UNKNOWN')) return undefined;
    throw error;
  }
}

async function* objectsOf(
  store: ObjectStore,
  prefix: string,
  kind: PreviewGarbageKind,
): AsyncGenerator<PreviewGarbage> {
  for await (const object of store.list(prefix)) yield { ...object, kind };
}

function halfPublished(id: string): FlyerlineError {
  return new FlyerlineError('FL_PREVIEW_STATE', {
    subject: `Preview ${id}`,
    reason: 'is half published: some tables show it, and others do not',
    remedy: `publish it to the end (./flyerline preview publish ${id}), or discard it with --force and run its days again`,
    retryable: false,
  });
}
