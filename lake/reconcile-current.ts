/** Finds exports that do not show the head of their table: a publisher died, or somebody else wrote to `current/`. */
import { readCurrentState } from './current.ts';
import { currentKey, type Day, type ExportFormat } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { type DayRange, isWithin } from './partitions.ts';
import { committedDays, headToken, readSnapshot } from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

const FORMATS = ['parquet', 'csv'] as const satisfies readonly ExportFormat[];
const CHECKS_AT_ONCE = 16;

export interface StaleExport {
  readonly table: string;
  readonly day: Day;
  readonly format: ExportFormat;
  /** `missing`: never published, or deleted. `old`: of an earlier version. `replaced`: not what was published. */
  readonly state: 'missing' | 'old' | 'replaced';
}

/** Publishing the day again, which repeats nothing that is right, repairs all of them. Ordered by day. */
export async function findStaleExports(
  store: ObjectStore,
  schema: TableSchema,
  range: DayRange = {},
): Promise<StaleExport[]> {
  if (!schema.exported) return [];
  const snapshot = await readSnapshot(store, schema.name);
  const days = committedDays(snapshot).filter((day) => isWithin(day, range));
  const stale: StaleExport[] = [];
  for (let start = 0; start < days.length; start += CHECKS_AT_ONCE) {
    const some = days.slice(start, start + CHECKS_AT_ONCE);
    const checks = some.flatMap((day) =>
      FORMATS.map(async (format) => {
        const state = await stateOf(store, schema.name, day, format, headToken(snapshot, day)!);
        return state === undefined ? [] : [{ table: schema.name, day, format, state }];
      }),
    );
    stale.push(...(await Promise.all(checks)).flat());
  }
  return stale;
}

/** Undefined: it shows the head. */
async function stateOf(
  store: ObjectStore,
  table: string,
  day: Day,
  format: ExportFormat,
  token: string,
): Promise<StaleExport['state'] | undefined> {
  const [state, object] = await Promise.all([
    readCurrentState(store, table, day, format),
    store.head(currentKey(table, day, format)),
  ]);
  if (state === undefined || object === undefined) return 'missing';
  if (state.etag !== object.etag) return 'replaced';
  return state.token === token ? undefined : 'old';
}
