/** `preview diff`: what publishing a preview would change. */
import { type Preview, readPreview } from '../../lake/preview/preview-doc.ts';
import { diffPreview } from '../../tasks/preview/diff-preview.ts';
import { interruptSignal } from '../interrupt.ts';
import { type SourceOptions, withStores } from '../partitions/partition-sources.ts';
import { diffText } from './diff-text.ts';

export interface DiffPreviewCommandOptions extends SourceOptions {
  readonly days: boolean;
  readonly top: number;
  readonly merchant?: string;
}

export async function showDiff(id: string, options: DiffPreviewCommandOptions): Promise<void> {
  await withStores(options, 'read', async (stores, { config, json }) => {
    const preview: Preview = await readPreview(stores.lake, id);
    const { top, merchant } = options;
    const diff = await diffPreview({ ...config, ...stores }, preview, {
      signal: interruptSignal(),
      top,
      ...(merchant === undefined ? {} : { merchant }),
    });
    const text = json ? JSON.stringify(diff) : diffText(preview, diff, { days: options.days });
    process.stdout.write(`${text}\n`);
  });
}
