/** Which previews go, and what is left of them: nothing. */
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import {
  collectPreviewGarbage,
  discardPreview,
  findPreviewGarbage,
} from '../../lake/preview/collect-previews.ts';
import {
  beginPreview,
  changePreviewState,
  listPreviewIds,
  type Preview,
  type PreviewStatus,
} from '../../lake/preview/preview-doc.ts';
import { newPreviewId } from '../../lake/preview/preview-id.ts';
import { previewStore } from '../../lake/preview/preview-store.ts';
import { listKeys } from '../lake/list-keys.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY_MS = 86_400_000;

describe('collecting previews', () => {
  const temp = useTempDir();
  let lake: ObjectStore;
  let count = 0;
  beforeEach(async () => {
    count += 1;
    lake = await openStore(join(temp.path, String(count)));
    await lake.put('tables/t/dt=2018-10-01/00000000000000000001-00.parquet', 'rows');
  });

  const begin = async (status: PreviewStatus): Promise<Preview> => {
    const about = { id: newPreviewId(Date.now()), dagId: 'nightly', days: ['2018-10-01'], params: {} };
    const preview = await beginPreview(lake, ['t'], about);
    await previewStore(lake, preview).put('tables/t/dt=2018-10-01/01000000000001-00.parquet', 'other rows');
    await previewStore(lake, preview).put('scratch/dt=2018-10-01/x.parquet', 'between tasks');
    if (status !== 'open') await changePreviewState(lake, preview, () => ({ status }));
    return preview;
  };
  const garbage = async (days: number) => {
    const found: string[] = [];
    for await (const { key } of findPreviewGarbage(lake, { nowMs: Date.now() + days * DAY_MS }))
      found.push(key);
    return found;
  };

  it('takes what was left alone for two weeks or discarded, and never what is half published', async () => {
    const previews = { open: await begin('open'), published: await begin('published') };
    const [discarded, publishing] = [await begin('discarded'), await begin('publishing')];
    const ofWhom = (keys: readonly string[]) => new Set(keys.map((key) => key.split('/')[1]));
    expect(ofWhom(await garbage(1))).toEqual(new Set([discarded.id]));
    const later = await garbage(15);
    const { open, published } = previews;
    expect(ofWhom(later.filter((key) => !key.includes('/scratch/')))).toEqual(
      new Set([discarded.id, open.id, published.id]),
    );
    expect(later.filter((key) => key.includes(publishing.id))).toEqual([
      `previews/${publishing.id}/lake/scratch/dt=2018-10-01/x.parquet`,
    ]);
  });

  it('leaves no object of it, and takes the rest of one whose deletion was interrupted', async () => {
    const [first, second] = [await begin('open'), await begin('open')];
    await lake.delete(`previews/${first.id}/preview.json`);
    await collectPreviewGarbage(lake);
    expect(await listPreviewIds(lake)).toEqual([second.id]);
    await collectPreviewGarbage(lake, { nowMs: Date.now() + 15 * DAY_MS });
    expect(await listKeys(lake, '')).toEqual(['tables/t/dt=2018-10-01/00000000000000000001-00.parquet']);
  });

  it('discards one with all its files, but a half published one only by force', async () => {
    const [open, half] = [await begin('open'), await begin('publishing')];
    expect(await discardPreview(lake, open)).toBe(true);
    await expect(discardPreview(lake, half)).rejects.toMatchObject({ code: 'FL_PREVIEW_STATE' });
    expect(await listPreviewIds(lake)).toEqual([half.id]);
    expect(await discardPreview(lake, half, { force: true })).toBe(true);
    expect(await listKeys(lake, 'previews/')).toEqual([]);
  });
});
