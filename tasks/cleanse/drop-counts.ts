/** What became of the rows of each drop in a bucket: how many it has of the day, and how many of them were dropped as duplicates. */
import { isFlyerlineError } from '../../infra/errors.ts';
import { type Duck, sqlPaths, sqlString } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { batchOfKey } from '../ingest/stage-batch-doc.ts';
import type { BucketRef, DayInputs } from '../refs.ts';
import { dropCountsKey } from '../scratch-keys.ts';
import { sqlFile } from '../sql-file.ts';
import { filesOfBucket } from './bucket-rows.ts';

const sql = sqlFile(new URL('./drop-counts.sql', import.meta.url));

/** Rows of one drop: its batch and its number in it. */
interface DropCount {
  readonly batch: string;
  readonly dropNo: number;
  readonly rowCount: number;
  readonly duplicateCount: number;
}

/** Leaves the counts of the bucket in the lake, for the checks. Reads the tables of cleansing: duplicates are dropped already. */
export async function putDropCounts(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  ref: BucketRef,
  scratchDir: string,
): Promise<void> {
  const rows = await Promise.all(
    filesOfBucket(
      inputs.files.filter(({ day }) => day === inputs.day),
      ref,
    ).map(async ({ file, condition }) => ({
      batch: batchOfKey(file.key) ?? file.key,
      path: await store.fetchFile(file.key, scratchDir),
      condition,
    })),
  );
  let counts: DropCount[] = [];
  if (rows.length > 0) {
    const files = rows.map(({ path, batch }) => `(${sqlString(path)}, ${sqlString(batch)})`);
    await duck.run(
      `CREATE TEMP TABLE drop_file AS FROM (VALUES ${files.join(', ')}) AS file(filename, batch)`,
    );
    const parts = [...Map.groupBy(rows, ({ condition }) => condition)].map(
      ([condition, part]) =>
        `SELECT filename, drop_no, line, user_id, instant_ms, local_ms, event, flyer_id, merchant_id, event_id, seq
         FROM read_parquet(${sqlPaths(part.map(({ path }) => path))}) WHERE ${condition}`,
    );
    await duck.run(`CREATE TEMP VIEW drop_row AS ${parts.join(' UNION ALL ')}`);
    counts = await duck.rows<DropCount>(sql('counts'));
  }
  await store.put(dropCountsKey(ref), JSON.stringify(counts));
}

/** Of all buckets, by `batch dropNo`. Empty when what cleansing left is gone. */
export async function readDropCounts(
  store: ObjectStore,
  { day, buckets, tokens }: Pick<BucketRef, 'day' | 'buckets' | 'tokens'>,
): Promise<ReadonlyMap<string, DropCount>> {
  const ofBuckets = await Promise.all(
    Array.from({ length: buckets }, (_, bucket) =>
      readOne(store, dropCountsKey({ day, bucket, buckets, tokens })),
    ),
  );
  const sums = new Map<string, DropCount>();
  for (const count of ofBuckets.flat()) {
    const name = `${count.batch} ${count.dropNo}`;
    const { rowCount = 0, duplicateCount = 0 } = sums.get(name) ?? {};
    sums.set(name, {
      ...count,
      rowCount: rowCount + count.rowCount,
      duplicateCount: duplicateCount + count.duplicateCount,
    });
  }
  return sums;
}

async function readOne(store: ObjectStore, key: string): Promise<DropCount[]> {
  try {
    const { body } = await store.get(key);
    return JSON.parse(body.toString()) as DropCount[];
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return [];
    throw error;
  }
}
