/** `export table`: any published table over a range of days, in one file of each format. */
import { exportTable } from '../../tasks/export-table.ts';
import type { RangeFormat } from '../../tasks/range/write-range.ts';
import { findTable } from '../lake/open-lake.ts';
import { type ExportOptions, runExport } from './run-export.ts';

export interface ExportTableCommandOptions extends ExportOptions {
  readonly format: readonly RangeFormat[];
}

export function exportOneTable(name: string, options: ExportTableCommandOptions): Promise<void> {
  const schema = findTable(name);
  return runExport(options, (store, settings) =>
    exportTable(store, { ...settings, schema, formats: options.format }),
  );
}
