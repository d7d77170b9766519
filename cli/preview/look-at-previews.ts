/** `preview list` and `show`: what was computed aside, and whether it can be published. */
import { isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import {
  listPreviewIds,
  type Preview,
  type PreviewState,
  readPreview,
  readPreviewState,
} from '../../lake/preview/preview-doc.ts';
import { readPreviewDays } from '../../tasks/preview/preview-days.ts';
import { type SourceOptions, withStores } from '../partitions/partition-sources.ts';
import { daysText, previewHead, previewsTable } from './preview-text.ts';

export type ListedPreview = Preview & Pick<PreviewState, 'status' | 'updatedAtMs'>;

export async function listPreviews(options: SourceOptions): Promise<void> {
  await withStores(options, 'read', async ({ lake }, { json }) => {
    const found = await Promise.all((await listPreviewIds(lake)).map((id) => listed(lake, id)));
    const previews = found.filter((preview) => preview !== undefined);
    process.stdout.write(json ? `${JSON.stringify({ previews })}\n` : `${previewsTable(previews)}\n`);
  });
}

export async function showPreview(id: string, options: SourceOptions): Promise<void> {
  await withStores(options, 'read', async (stores, { json }) => {
    const preview = await readPreview(stores.lake, id);
    const [{ status, updatedAtMs }, days] = await Promise.all([
      readPreviewState(stores.lake, preview),
      readPreviewDays(stores, preview),
    ]);
    const shown = { ...preview, status, updatedAtMs };
    // Every result of every check is more than who asks for a state wants to read.
    const told = days.map(({ checks, ...day }) => ({ ...day, checks: checks?.status ?? null }));
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...shown, days: told })}\n`
        : `${previewHead(shown)}\n\n${daysText(days, { limit: Number.POSITIVE_INFINITY })}\n`,
    );
  });
}

/** Undefined for the rest of one that is being deleted. */
async function listed(lake: ObjectStore, id: string): Promise<ListedPreview | undefined> {
  try {
    const preview = await readPreview(lake, id);
    const { status, updatedAtMs } = await readPreviewState(lake, preview);
    return { ...preview, status, updatedAtMs };
  } catch (error) {
    if (isFlyerlineError(error, 'FL_PREVIEW_UNKNOWN')) return undefined;
    throw error;
  }
}
