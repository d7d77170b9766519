/** Finds what in `current/` does not show the head of its table: a publisher died, or somebody else wrote there. */
import type { Catalog } from './catalog.ts';
import { readCurrentState } from './current.ts';
import { currentKey, type Day, EXPORT_FORMATS, type ExportFormat } from './lake-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { type DayRange, isWithin } from './partitions.ts';
import { committedDays, headToken, readSnapshot, type Snapshot } from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

const CHECKS_AT_ONCE = 16;

export interface StaleExport {
  readonly table: string;
  readonly day: Day;
  /** `catalog`: the exports may be right, but the catalog, and perhaps the feed, do not tell of them. */
  readonly format: ExportFormat | 'catalog';
  /** `missing`: never published, or deleted. `old`: of an earlier version. `replaced`: not what was published. */
  readonly state: 'missing' | 'old' | 'replaced';
}

export interface LookedAt extends DayRange {
  /** Only these. */
  readonly days?: ReadonlySet<Day>;
  /** Whether every day should have `csv.gz`; a day that has one keeps it right in any case. @default false */
  readonly csvGz?: boolean;
}

/** Publishing the day again, which repeats nothing that is right, repairs all of them. Ordered by day. */
export async function findStaleExports(
  store: ObjectStore,
  schema: TableSchema,
  range: LookedAt = {},
): Promise<StaleExport[]> {
  if (!schema.exported || range.days?.size === 0) return [];
  const snapshot = await readSnapshot(store, schema.name);
  const days = daysLookedAt(snapshot, range);
  const stale: StaleExport[] = [];
  for (let start = 0; start < days.length; start += CHECKS_AT_ONCE) {
    const some = days.slice(start, start + CHECKS_AT_ONCE);
    const checks = some.flatMap((day) =>
      EXPORT_FORMATS.map(async (format) => {
        const isWanted = format !== 'csv.gz' || range.csvGz === true;
        const state = await stateOf(store, schema.name, day, format, headToken(snapshot, day)!, isWanted);
        return state === undefined ? [] : [{ table: schema.name, day, format, state }];
      }),
    );
    stale.push(...(await Promise.all(checks)).flat());
  }
  return stale;
}

/** Partitions whose head the catalog does not name. Ordered by day. */
export async function findUncatalogued(
  store: ObjectStore,
  schema: TableSchema,
  catalog: Catalog | undefined,
  range: LookedAt = {},
): Promise<StaleExport[]> {
  if (range.days?.size === 0) return [];
  const snapshot = await readSnapshot(store, schema.name);
  const partitions = catalog?.tables.find(({ name }) => name === schema.name)?.partitions ?? [];
  const tokens = new Map(partitions.map(({ day, token }) => [day, token]));
  return daysLookedAt(snapshot, range)
    .filter((day) => tokens.get(day) !== headToken(snapshot, day))
    .map((day) => ({
      ...{ table: schema.name, day, format: 'catalog' as const },
      state: tokens.has(day) ? 'old' : 'missing',
    }));
}

function daysLookedAt(snapshot: Snapshot, range: LookedAt): readonly Day[] {
  return committedDays(snapshot).filter((day) => isWithin(day, range) && (range.days?.has(day) ?? true));
}

/** Undefined: it shows the head, or nobody wants it. */
async function stateOf(
  store: ObjectStore,
  table: string,
  day: Day,
  format: ExportFormat,
  token: string,
  isWanted: boolean,
): Promise<StaleExport['state'] | undefined> {
  const [state, object] = await Promise.all([
    readCurrentState(store, table, day, format),
    store.head(currentKey(table, day, format)),
  ]);
  if (state === undefined && !isWanted) return undefined;
  if (state === undefined || object === undefined) return 'missing';
  if (state.etag !== object.etag) return 'replaced';
  return state.token === token ? undefined : 'old';
}
