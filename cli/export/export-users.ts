/** `export user`: one row per user over a range of days. */
import { exportUser } from '../../tasks/export-user.ts';
import { type ExportOptions, runExport } from './run-export.ts';

export function exportUsers(options: ExportOptions): Promise<void> {
  return runExport(options, exportUser);
}
