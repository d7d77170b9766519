/** What has changed in a lake since a named snapshot was taken: days that were restated, days that came, bytes it alone keeps. */
import type { Day } from '../lake-keys.ts';
import type { ObjectStore } from '../object-store.ts';
import { contentOfCommitted } from '../partition-verdict.ts';
import { partitionsOf } from '../partitions.ts';
import { filesOfDay, readSnapshot, type Snapshot } from '../table-log.ts';
import { frozenTable } from './frozen-table.ts';
import type { NamedSnapshot } from './named-snapshot.ts';

export interface TableSince {
  readonly table: string;
  readonly versionNow: number;
  /** Days whose rows are others now. */
  readonly restated: readonly RestatedDay[];
  /** Days of the snapshot's range that were published only later. */
  readonly newDays: readonly Day[];
  /** Bytes of files that no table shows any more. */
  readonly heldBytes: number;
}

export interface RestatedDay {
  readonly day: Day;
  readonly rowCount: number;
  readonly rowCountNow: number;
}

/** Tables as they are now, by name. */
export type TablesNow = Map<string, Promise<Snapshot>>;

/**
 * In the order of the snapshot's tables.
 *
 * @param tablesNow filled with what is read, for whoever asks about several snapshots
 */
export async function changesSince(
  store: ObjectStore,
  snapshot: NamedSnapshot,
  tablesNow: TablesNow = new Map(),
): Promise<TableSince[]> {
  const range = { from: snapshot.from ?? undefined, to: snapshot.to ?? undefined };
  return Promise.all(
    snapshot.tables.map(async ({ table, partitions }) => {
      if (!tablesNow.has(table)) tablesNow.set(table, readSnapshot(store, table));
      const now = await tablesNow.get(table)!;
      const frozen = frozenTable(snapshot, table);
      const known = new Set(partitions.map(({ day }) => day));
      const partitionsNow = partitionsOf(now, range);
      const rowsNow = new Map(partitionsNow.map(({ day, rowCount }) => [day, rowCount]));
      const restated = partitions
        .filter(
          ({ day }) =>
            contentOfCommitted(filesOfDay(frozen, day)) !== contentOfCommitted(filesOfDay(now, day)),
        )
        .map(({ day, rowCount }) => ({ day, rowCount, rowCountNow: rowsNow.get(day) ?? 0 }));
      return {
        ...{ table, versionNow: now.version, restated },
        newDays: partitionsNow.map(({ day }) => day).filter((day) => !known.has(day)),
        heldBytes: [...frozen.files.values()]
          .filter(({ path }) => !now.files.has(path))
          .reduce((sum, { size }) => sum + size, 0),
      };
    }),
  );
}
