/** `partitions changes`: what was published or restated since a reader last looked. */
import {
  type Changes,
  type FeedPosition,
  formatPosition,
  parsePosition,
  readChanges,
} from '../../lake/changes.ts';
import type { Restatement } from '../../lake/restatements.ts';
import { parseInstant } from '../../lake/sql/references.ts';
import { formatCount, style, table } from '../terminal.ts';
import { type LakeOptions, tablesOf, withLake } from './open-lake.ts';

export interface ChangesOptions extends LakeOptions {
  /** A position, or a time. */
  readonly since?: string;
  readonly table?: string;
}

export async function showChanges(options: ChangesOptions): Promise<void> {
  const exported = tablesOf(options.table)
    .filter((schema) => schema.exported)
    .map(({ name }) => name);
  const since = sinceOf(options.since, exported);
  // Whoever comes with a position is a reader of its tables.
  const tables = since === undefined || 'timeMs' in since ? exported : Object.keys(since);
  await withLake(options, 'read', async (store, { json }) => {
    const found = await readChanges(store, tables, since);
    const position = formatPosition(found.position);
    const body = json ? JSON.stringify({ position, changes: found.changes }) : describe(found, position);
    process.stdout.write(`${body}\n`);
  });
}

/** Throws FL_USAGE. */
function sinceOf(
  text: string | undefined,
  tables: readonly string[],
): FeedPosition | { readonly timeMs: number } | undefined {
  return text === undefined ? undefined : (parsePosition(text, tables) ?? { timeMs: parseInstant(text) });
}

function describe({ changes }: Changes, position: string): string {
  const next = style.dim(`Next time: --since ${position}`);
  if (changes.length === 0) return `Nothing has changed.\n${next}`;
  const rows = table(changes, [
    { header: 'Change', value: ({ table: of, seq }) => `${of}=${seq}` },
    { header: 'Day', value: ({ day }) => day },
    { header: 'When', value: ({ at }) => at.slice(0, 16).replace('T', ' ') },
    { header: 'Version', value: versionsOf },
    { header: 'Rows', value: ({ rowCount }) => formatCount(rowCount), align: 'right' },
    ...['rows', 'users', 'views', 'dwell_s'].map((name) => ({
      header: `Δ ${name}`,
      value: ({ deltas }: Restatement) => deltaOf(deltas?.[name]),
      align: 'right' as const,
    })),
    {
      header: 'Why',
      value: ({ reason, kind }) => reason ?? (kind === 'published' ? 'first' : ''),
      widthMax: 60,
    },
  ]);
  return `${rows}\n\n${next}`;
}

const versionsOf = ({ previousVersion, version }: Restatement): string =>
  previousVersion === null ? String(version) : `${previousVersion} → ${version}`;

function deltaOf(delta: number | undefined): string | undefined {
  if (delta === undefined) return undefined;
  return `${delta > 0 ? '+' : ''}${formatCount(delta)}`.replace('-', '−');
}
