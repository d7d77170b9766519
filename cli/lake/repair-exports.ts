/** `partitions repair`: brings every export to the head of its table. */
import { mkdir } from 'node:fs/promises';
import { readCatalog } from '../../lake/catalog.ts';
import type { DayRange } from '../../lake/partitions.ts';
import { probeStore } from '../../lake/probe.ts';
import { findStaleExports, findUncatalogued, type StaleExport } from '../../lake/reconcile-current.ts';
import { formatCount, style, table } from '../terminal.ts';
import { type LakeOptions, tablesOf, withLake } from './open-lake.ts';
import { republishDays } from './republish-days.ts';

export interface RepairOptions extends LakeOptions, DayRange {
  readonly dryRun: boolean;
}

export async function repairExports(options: RepairOptions): Promise<void> {
  await withLake(options, options.dryRun ? 'read' : 'write', async (store, context) => {
    const stale: StaleExport[] = [];
    const catalog = await readCatalog(store);
    const csvGz = context.config.exportCsvGz;
    for (const schema of tablesOf(undefined)) {
      stale.push(...(await findStaleExports(store, schema, { ...options, csvGz })));
      stale.push(...(await findUncatalogued(store, schema, catalog, options)));
    }
    const days = [...new Set(stale.map(({ day }) => day))].sort();
    if (!options.dryRun && days.length > 0) {
      await probeStore(store);
      await mkdir(context.config.scratchDir, { recursive: true });
      await republishDays(store, context, days);
    }
    process.stdout.write(
      context.json
        ? `${JSON.stringify({ dryRun: options.dryRun, days, stale })}\n`
        : `${describe(stale, options.dryRun)}\n`,
    );
  });
}

function describe(stale: readonly StaleExport[], dryRun: boolean): string {
  if (stale.length === 0) return `${style.green('✓')} Every export shows the head of its table.`;
  return [
    `${formatCount(stale.length)} exports did not show the head of their table${dryRun ? '' : ', and do now'}.`,
    '',
    table(stale, [
      { header: 'Day', value: ({ day }) => day },
      { header: 'Table', value: ({ table: name }) => name },
      { header: 'Format', value: ({ format }) => format },
      { header: 'Was', value: ({ state }) => state },
    ]),
  ].join('\n');
}
