/** What `--stage` does before its runs, and says after them. */
import type { ObjectStore } from '../../lake/object-store.ts';
import { beginPreview, type Preview } from '../../lake/preview/preview-doc.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { PROGRAM } from '../help.ts';
import { style } from '../terminal.ts';

/** From here on it sees nothing new of the lake. Beginning it twice is beginning it once. */
export function beginPreviewOf(
  lake: ObjectStore,
  about: Pick<Preview, 'id' | 'dagId' | 'days' | 'params'>,
): Promise<Preview> {
  return beginPreview(
    lake,
    LAKE_TABLES.map(({ name }) => name),
    about,
  );
}

export function previewHint(id: string): string {
  return [
    'Computed aside; readers see nothing of it. When all days are done:',
    style.dim(`  ${PROGRAM} preview diff ${id}`),
    style.dim(`  ${PROGRAM} preview publish ${id}`),
    style.dim(`  ${PROGRAM} preview discard ${id}`),
  ].join('\n');
}
