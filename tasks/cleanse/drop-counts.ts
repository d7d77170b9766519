/** What became of the rows of each drop in a bucket: how many of the day were kept, and how many were dropped as duplicates. */
import { isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { batchOfKey } from '../ingest/stage-batch-doc.ts';
import type { BucketRef, StagedFile } from '../refs.ts';
import { dropCountsKey } from '../scratch-keys.ts';

/** Rows of one drop: its batch and its number in it. */
export interface DropCount {
  readonly batch: string;
  readonly dropNo: number;
  readonly keptCount: number;
  readonly duplicateCount: number;
}

/** Rows of a drop in one staged file, by its place in the list of files. */
export interface CountedRows {
  readonly fileNo: number;
  readonly dropNo: number;
  readonly keptCount: number;
  readonly duplicateCount: number;
}

/** Leaves the counts of the bucket in the lake, for the checks. */
export async function putDropCounts(
  store: ObjectStore,
  ref: BucketRef,
  files: readonly StagedFile[],
  counted: readonly CountedRows[],
): Promise<void> {
  const counts = counted.map(({ fileNo, ...rows }): DropCount => {
    const { key } = files[fileNo]!;
    return { batch: batchOfKey(key) ?? key, ...rows };
  });
  await store.put(dropCountsKey(ref), JSON.stringify(sumByDrop(counts)));
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
  return new Map(sumByDrop(ofBuckets.flat()).map((count) => [`${count.batch} ${count.dropNo}`, count]));
}

function sumByDrop(counts: readonly DropCount[]): DropCount[] {
  const groups = Map.groupBy(counts, ({ batch, dropNo }) => `${batch} ${dropNo}`).values();
  return [...groups].map((group) => ({
    ...group[0]!,
    keptCount: group.reduce((sum, { keptCount }) => sum + keptCount, 0),
    duplicateCount: group.reduce((sum, { duplicateCount }) => sum + duplicateCount, 0),
  }));
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
