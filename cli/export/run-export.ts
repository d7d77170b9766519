/** What the exports of a range have in common: a lake, a scratch folder, and how the result reads. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../../infra/config.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { frozenTable } from '../../lake/snapshots/frozen-table.ts';
import { readNamedSnapshot } from '../../lake/snapshots/named-snapshot.ts';
import type { ExportUserOptions } from '../../tasks/export-user.ts';
import type { RangeExport } from '../../tasks/range/write-range.ts';
import { interruptSignal } from '../interrupt.ts';
import { type LakeOptions, withLake } from '../lake/open-lake.ts';
import { frozenDays } from '../snapshot/snapshot-text.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';

export interface ExportOptions extends LakeOptions {
  /** Both are needed unless a snapshot says them. */
  readonly from?: string;
  readonly to?: string;
  readonly out: string;
  /** Name. */
  readonly snapshot?: string;
}

type ExportRange = (store: ObjectStore, options: ExportUserOptions, config: Config) => Promise<RangeExport>;

export async function runExport(options: ExportOptions, exportRange: ExportRange): Promise<void> {
  const signal = interruptSignal();
  await withLake(options, 'read', async (store, { config, json }) => {
    await mkdir(config.scratchDir, { recursive: true });
    const scratchDir = await mkdtemp(join(config.scratchDir, 'export-'));
    try {
      const { memoryLimitBytes, threads } = config;
      const outDir = resolve(options.out);
      const source = await sourceOf(store, options);
      const settings = { ...source, outDir, memoryLimitBytes, threads, scratchDir, signal };
      const result = await exportRange(store, settings, config);
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
    } finally {
      await rm(scratchDir, { recursive: true, force: true });
    }
  });
}

/** Which days, and of which tables: as they are, or as they were frozen. */
async function sourceOf(store: ObjectStore, { from, to, snapshot: name }: ExportOptions) {
  if (name === undefined) {
    if (from !== undefined && to !== undefined) return { from, to };
    throw new FlyerlineError('FL_USAGE', {
      subject: 'The range of days',
      reason: 'is not complete',
      remedy: 'name the first day with --from and the last with --to, or a snapshot with --snapshot',
      retryable: false,
    });
  }
  const snapshot = await readNamedSnapshot(store, name);
  const days = frozenDays(snapshot);
  return {
    ...{ from: from ?? days[0]!, to: to ?? days.at(-1)! },
    frozen: (table: string) => frozenTable(snapshot, table),
  };
}

const MISSING_SHOWN_MAX = 12;

function describe({ from, to, days, missingDays, tables }: RangeExport): string {
  const files = tables.flatMap((made) => made.files.map((file) => ({ ...file, rowCount: made.rowCount })));
  const named = missingDays.slice(0, MISSING_SHOWN_MAX).join(', ');
  const more = missingDays.length > MISSING_SHOWN_MAX ? ', … (--json names all)' : '';
  return [
    `${style.green('✓')} ${count(days.length, 'day')} from ${from} to ${to}`,
    ...(missingDays.length === 0
      ? []
      : [`${style.yellow('!')} ${count(missingDays.length, 'day')} not published: ${named}${more}`]),
    '',
    table(files, [
      { header: 'File', value: ({ path }) => path },
      { header: 'Rows', value: ({ rowCount }) => formatCount(rowCount), align: 'right' },
      { header: 'Size', value: ({ size }) => formatBytes(size), align: 'right' },
      { header: 'SHA-256', value: ({ sha256 }) => sha256.slice(0, 16) },
    ]),
  ].join('\n');
}

const count = (number: number, noun: string) => `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`;
