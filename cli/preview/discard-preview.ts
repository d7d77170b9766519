/** `preview discard`: as if it had never been computed. */
import { discardPreview } from '../../lake/preview/collect-previews.ts';
import { readPreview } from '../../lake/preview/preview-doc.ts';
import { type SourceOptions, withStores } from '../partitions/partition-sources.ts';
import { style } from '../terminal.ts';

export interface DiscardOptions extends SourceOptions {
  readonly force: boolean;
}

export async function discard(id: string, { force, ...options }: DiscardOptions): Promise<void> {
  await withStores(options, 'write', async ({ lake }, { json }) => {
    const deleted = await discardPreview(lake, await readPreview(lake, id), { force });
    const text = deleted
      ? `preview ${id} is discarded`
      : `preview ${id} is discarded; these credentials may not delete, so the next gc removes its files`;
    process.stdout.write(json ? `${JSON.stringify({ id, deleted })}\n` : `${style.green('✓')} ${text}\n`);
  });
}
