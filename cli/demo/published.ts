/** What the lake's catalog says was published. */
import { readCatalog } from '../../lake/catalog.ts';
import type { ObjectStore } from '../../lake/object-store.ts';

export interface PublishedPartition {
  readonly table: string;
  readonly day: string;
  readonly rowCount: number;
  /** Bytes of its CSV and Parquet exports; 0 for a table that is not exported. */
  readonly exportedSize: number;
}

export async function readPublished(
  lake: ObjectStore,
  days: readonly string[],
): Promise<PublishedPartition[]> {
  const { tables = [] } = (await readCatalog(lake)) ?? {};
  return tables.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ day }) => days.includes(day))
      .map(({ day, rowCount, files }) => ({
        table: name,
        day,
        rowCount,
        exportedSize: Object.values(files).reduce((sum, { size }) => sum + size, 0),
      })),
  );
}
