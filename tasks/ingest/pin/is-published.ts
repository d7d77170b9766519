/** Is a day published from exactly these inputs? */
import { readCurrentState } from '../../../lake/current.ts';
import type { ExportFormat } from '../../../lake/lake-keys.ts';
import { readHeadManifest } from '../../../lake/manifest.ts';
import type { ObjectStore } from '../../../lake/object-store.ts';
import type { TableSchema } from '../../../lake/table-schema.ts';

const FORMATS: readonly ExportFormat[] = ['parquet', 'csv'];

/** `missing`: nothing is committed of any table. `older`: not all tables are of these inputs, or `current/` does not show them yet. */
export async function publishedState(
  lake: ObjectStore,
  tables: readonly TableSchema[],
  day: string,
  inputsHash: string,
): Promise<'published' | 'older' | 'missing'> {
  const states = await Promise.all(tables.map((table) => stateOf(lake, table, day, inputsHash)));
  if (states.every((state) => state === 'published')) return 'published';
  return states.every((state) => state === 'missing') ? 'missing' : 'older';
}

async function stateOf(lake: ObjectStore, table: TableSchema, day: string, inputsHash: string) {
  const manifest = await readHeadManifest(lake, table.name, day);
  if (manifest === undefined) return 'missing';
  if (manifest.inputsHash !== inputsHash) return 'older';
  if (!table.exported) return 'published';
  const shown = await Promise.all(FORMATS.map((format) => readCurrentState(lake, table.name, day, format)));
  return shown.every((state) => state?.token === manifest.token) ? 'published' : 'older';
}
