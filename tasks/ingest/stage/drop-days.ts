/** How many rows each drop has on each day, and when: what tells whose drops a day is made from. */
import { type Duck, sqlPaths } from '../../../lake/duckdb.ts';
import { DAY_MS, dayName } from '../days.ts';
import type { DropDay } from '../stage-batch-doc.ts';
import type { ChunkFile } from './stage-chunk.ts';

export interface DropDayRows {
  readonly dropNo: number;
  readonly dayNo: number;
  readonly rowCount: number;
  readonly minLocalMs: number;
  readonly maxLocalMs: number;
  readonly minInstantMs: number;
  readonly maxInstantMs: number;
}

/** Of the only drop of a batch its files tell all. */
export function dropDaysOfFiles(files: readonly ChunkFile[]): DropDayRows[] {
  return files.map((file) => ({ ...file, dropNo: 0 }));
}

export async function queryDropDays(duck: Duck, files: readonly ChunkFile[]): Promise<DropDayRows[]> {
  if (files.length === 0) return [];
  return duck.rows<DropDayRows & object>(
    `SELECT drop_no::INTEGER AS "dropNo", (local_ms // ${DAY_MS})::INTEGER AS "dayNo", count(*)::DOUBLE AS "rowCount",
       min(local_ms)::DOUBLE AS "minLocalMs", max(local_ms)::DOUBLE AS "maxLocalMs",
       min(instant_ms)::DOUBLE AS "minInstantMs", max(instant_ms)::DOUBLE AS "maxInstantMs"
     FROM read_parquet(${sqlPaths(files.map(({ path }) => path))}, hive_partitioning = false) GROUP BY ALL`,
  );
}

/** Adds up the days of each drop: `days[dropNo]`, in order of days. */
export class DropDays {
  readonly #days: Map<number, DropDay>[];

  constructor(dropCount: number) {
    this.#days = Array.from({ length: dropCount }, () => new Map());
  }

  addRows({ dropNo, dayNo, rowCount, ...ranges }: DropDayRows): void {
    const known = this.#of(dropNo, dayNo);
    this.#days[dropNo]!.set(dayNo, {
      ...known,
      rowCount: known.rowCount + rowCount,
      minLocalMs: Math.min(known.minLocalMs ?? Number.POSITIVE_INFINITY, ranges.minLocalMs),
      maxLocalMs: Math.max(known.maxLocalMs ?? Number.NEGATIVE_INFINITY, ranges.maxLocalMs),
      minInstantMs: Math.min(known.minInstantMs ?? Number.POSITIVE_INFINITY, ranges.minInstantMs),
      maxInstantMs: Math.max(known.maxInstantMs ?? Number.NEGATIVE_INFINITY, ranges.maxInstantMs),
    });
  }

  addRejected(dropNo: number, dayNo: number, rejectedCount: number): void {
    const known = this.#of(dropNo, dayNo);
    this.#days[dropNo]!.set(dayNo, { ...known, rejectedCount: known.rejectedCount + rejectedCount });
  }

  /** The day that most of a drop's rows are of, the earliest of several; undefined when it has none. */
  homeDayNo(dropNo: number): number | undefined {
    let home: number | undefined;
    let most = 0;
    for (const [dayNo, { rowCount }] of [...this.#days[dropNo]!].sort(([a], [b]) => a - b)) {
      if (rowCount > most) [home, most] = [dayNo, rowCount];
    }
    return home;
  }

  of(dropNo: number): DropDay[] {
    return [...this.#days[dropNo]!.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  }

  #of(dropNo: number, dayNo: number): DropDay {
    const none = { minLocalMs: null, maxLocalMs: null, minInstantMs: null, maxInstantMs: null };
    return this.#days[dropNo]!.get(dayNo) ?? { day: dayName(dayNo), rowCount: 0, rejectedCount: 0, ...none };
  }
}
