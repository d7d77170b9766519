/** What checks look at besides the rows of tables: the day's inputs, its counters, and what became of each drop. */
import type { ObjectStore } from '../../lake/object-store.ts';
import { readDropCounts } from '../cleanse/drop-counts.ts';
import type { DayParams } from '../day-params.ts';
import { batchOfKey, readStageBatchesById } from '../ingest/stage-batch-doc.ts';
import type { DayInputs, DayTablesRef } from '../refs.ts';

/** The rows of a drop that are of the day. */
export interface DropFacts {
  readonly key: string;
  /** When the producer put it, epoch ms. */
  readonly deliveredMs: number;
  /** Rows that were read of it, good and bad, as ingest counted them. */
  readonly readCount: number;
  /** Of it in `rejected_events`. */
  readonly rejectedCount: number;
  /** Rows of it that cleansing kept, and that it dropped. */
  readonly keptCount: number;
  readonly duplicateCount: number;
}

export interface DayFacts {
  readonly day: string;
  readonly inputs: DayInputs;
  readonly params: DayParams;
  /** Counters of the data-quality table. */
  readonly dq: Readonly<Record<string, number>>;
  readonly rowsOf: (table: string) => number;
  /** Drops with a row of the day, in order of keys. */
  readonly drops: readonly DropFacts[];
}

/** @param rejectedOf rows of a drop in `rejected_events` */
export async function readDayFacts(
  store: ObjectStore,
  inputs: DayInputs,
  { day, dq, tables, tokens }: Pick<DayTablesRef, 'day' | 'dq' | 'tables' | 'tokens'>,
  params: DayParams,
  rejectedOf: (drop: string) => number,
): Promise<DayFacts> {
  const rowsOf = (table: string) => (tables[table] ?? []).reduce((sum, { rowCount }) => sum + rowCount, 0);
  const drops = await readDropFacts(store, inputs, tokens, rejectedOf);
  return { day, inputs, params, dq, rowsOf, drops };
}

async function readDropFacts(
  store: ObjectStore,
  { day, buckets, files, rejected }: DayInputs,
  tokens: DayTablesRef['tokens'],
  rejectedOf: (drop: string) => number,
): Promise<DropFacts[]> {
  const ofDay = [...files.filter((file) => file.day === day), ...rejected];
  const ids = new Set(ofDay.map(({ key }) => batchOfKey(key)).filter((id) => id !== undefined));
  const [batches, counts] = await Promise.all([
    readStageBatchesById(store, [...ids]),
    readDropCounts(store, { day, buckets, tokens }),
  ]);
  const drops = batches.flatMap((batch) =>
    batch.drops.flatMap(({ key, lastModifiedMs, dropNo, days }) =>
      days
        .filter((rows) => rows.day === day)
        .map((rows) => {
          const { keptCount = 0, duplicateCount = 0 } = counts.get(`${batch.batch} ${dropNo}`) ?? {};
          return {
            ...{ key, deliveredMs: lastModifiedMs, keptCount, duplicateCount },
            readCount: rows.rowCount + rows.rejectedCount,
            rejectedCount: rejectedOf(key),
          };
        }),
    ),
  );
  return drops.sort((a, b) => (a.key < b.key ? -1 : 1));
}
