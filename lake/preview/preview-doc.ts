/** Previews in the lake: what each was made of, which never changes, and what has become of it. */
import { z } from 'zod';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../object-store.ts';
import { getText, replaceText } from '../replace-text.ts';
import { readTransactions } from '../table-log.ts';
import { PREVIEW_ID } from './preview-id.ts';

const preview = z.object({
  format: z.literal(1),
  id: z.string(),
  dagId: z.string(),
  createdAtMs: z.number(),
  /** Days that are computed for it, in order. */
  days: z.array(z.string()).readonly(),
  /** Of its runs, as they were given. */
  params: z.record(z.string(), z.unknown()),
  /** The version of each table that it was begun on, -1 for a table that did not exist: later ones do not show in it. */
  versions: z.record(z.string(), z.number()),
});
export type Preview = Readonly<z.infer<typeof preview>>;

/** `publishing`: some tables may show it; publishing it again goes on. */
export const PREVIEW_STATUSES = ['open', 'publishing', 'published', 'discarded'] as const;
export type PreviewStatus = (typeof PREVIEW_STATUSES)[number];

const previewState = z.object({
  status: z.enum(PREVIEW_STATUSES),
  updatedAtMs: z.number(),
});
export type PreviewState = Readonly<z.infer<typeof previewState>>;

export const PREVIEWS_DIR = 'previews/';
export const previewDir = (id: string): string => `${PREVIEWS_DIR}${id}/`;
const previewKey = (id: string): string => `${previewDir(id)}preview.json`;
const stateKey = (id: string): string => `${previewDir(id)}state.json`;

/** Beginning one twice is beginning it once. */
export async function beginPreview(
  store: ObjectStore,
  tables: readonly string[],
  about: Pick<Preview, 'id' | 'dagId' | 'days' | 'params'>,
): Promise<Preview> {
  const heads = await Promise.all(tables.map((table) => readTransactions(store, table)));
  const begun: Preview = {
    format: 1,
    ...about,
    days: about.days.toSorted(),
    createdAtMs: Date.now(),
    versions: Object.fromEntries(heads.map(({ table, version }) => [table, version])),
  };
  try {
    await store.put(previewKey(about.id), `${JSON.stringify(begun, null, 2)}\n`, { ifAbsent: true });
    return begun;
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    return readPreview(store, about.id);
  }
}

/** Throws FL_PREVIEW_UNKNOWN. */
export async function readPreview(store: ObjectStore, id: string): Promise<Preview> {
  const found = PREVIEW_ID.test(id) ? await getText(store, previewKey(id)) : undefined;
  if (found === undefined) throw previewUnknown(id);
  return preview.parse(JSON.parse(found.text));
}

export async function readPreviewState(
  store: ObjectStore,
  { id, createdAtMs }: Pick<Preview, 'id' | 'createdAtMs'>,
): Promise<PreviewState> {
  return stateOf((await getText(store, stateKey(id)))?.text, createdAtMs);
}

/** Reads, changes, replaces if unchanged. `change` may throw to refuse. */
export async function changePreviewState(
  store: ObjectStore,
  { id, createdAtMs }: Pick<Preview, 'id' | 'createdAtMs'>,
  change: (state: PreviewState) => Partial<PreviewState>,
): Promise<void> {
  await replaceText(store, stateKey(id), (body) => {
    const before = stateOf(body, createdAtMs);
    return `${JSON.stringify({ ...before, ...change(before), updatedAtMs: Date.now() })}\n`;
  });
}

/** Ids of whatever is left of previews, also of those that are half deleted; the newest first. */
export async function listPreviewIds(store: ObjectStore): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ; ) {
    let next: string | undefined;
    for await (const { key } of store.list(PREVIEWS_DIR, after === undefined ? {} : { after })) {
      next = key.slice(PREVIEWS_DIR.length).split('/')[0]!;
      break;
    }
    if (next === undefined) return ids.toReversed();
    ids.push(next);
    // Past all that the preview holds: a listing of every file would say no more.
    after = `${PREVIEWS_DIR}${next}0`;
  }
}

/** What nobody has changed yet is open. */
function stateOf(body: string | undefined, createdAtMs: number): PreviewState {
  if (body === undefined) return { status: 'open', updatedAtMs: createdAtMs };
  return previewState.parse(JSON.parse(body));
}

export function previewUnknown(id: string): FlyerlineError {
  return new FlyerlineError('FL_PREVIEW_UNKNOWN', {
    subject: `Preview "${id}"`,
    reason: 'does not exist in this lake',
    remedy: 'see ./flyerline preview list',
    retryable: false,
  });
}
