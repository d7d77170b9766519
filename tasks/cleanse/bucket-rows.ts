/** The staged rows that one bucket of one day is made from, as views over local files. */
import { type Duck, sqlPaths } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { BucketRef, DayInputs, StagedFile } from '../refs.ts';
import { STAGED_EVENT_COLUMNS } from '../staged-schema.ts';
import { userBucketSql } from '../user-bucket.ts';

/** What cleansing reads of a staged event. */
const COLUMNS = [
  'instant_ms',
  'local_ms',
  'user_id',
  'event',
  'flyer_id',
  'merchant_id',
  'event_id',
  'seq',
  'received_ms',
] as const satisfies readonly (keyof typeof STAGED_EVENT_COLUMNS)[];

type Bucket = Pick<BucketRef, 'bucket' | 'buckets'>;

/** Fetches what is not local and creates the views `day_row`, `earlier_row` and `later_row` of one bucket. */
export function openBucketRows(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  bucket: Bucket,
  scratchDir: string,
): Promise<void> {
  return createDayViews(duck, store, inputs, '', scratchDir, bucket);
}

/** Likewise, of all buckets: `all_day_row` and so on. */
export function openAllRows(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  scratchDir: string,
): Promise<void> {
  return createDayViews(duck, store, inputs, 'all_', scratchDir);
}

async function createDayViews(
  duck: Duck,
  store: ObjectStore,
  { day, files }: DayInputs,
  prefix: string,
  scratchDir: string,
  bucket?: Bucket,
): Promise<void> {
  const view = (name: string, isIn: (file: StagedFile) => boolean) =>
    createRowView(duck, store, `${prefix}${name}`, files.filter(isIn), scratchDir, bucket);
  await view('day_row', (file) => file.day === day);
  await view('earlier_row', (file) => file.day < day);
  await view('later_row', (file) => file.day > day);
}

/** A view over the rows of these files that are in the bucket; all of them when no bucket is given. */
export async function createRowView(
  duck: Duck,
  store: ObjectStore,
  name: string,
  files: readonly StagedFile[],
  scratchDir: string,
  bucket?: Bucket,
): Promise<void> {
  const byCondition = Map.groupBy(filesOfBucket(files, bucket), ({ condition }) => condition);
  const parts = [...byCondition].map(async ([condition, part]) => {
    const paths = await Promise.all(part.map(({ file }) => store.fetchFile(file.key, scratchDir)));
    return `SELECT ${COLUMNS.join(', ')} FROM read_parquet(${sqlPaths(paths)}) WHERE ${condition}`;
  });
  const none = COLUMNS.map((column) => `NULL::${STAGED_EVENT_COLUMNS[column]} AS ${column}`);
  const query =
    parts.length > 0
      ? (await Promise.all(parts)).join(' UNION ALL ')
      : `SELECT ${none.join(', ')} WHERE FALSE`;
  await duck.run(`CREATE TEMP VIEW ${name} AS ${query}`);
}

/** The files with rows of the bucket, each with the condition that leaves only these; all files when no bucket is given. */
export function filesOfBucket(
  files: readonly StagedFile[],
  bucket?: Bucket,
): { readonly file: StagedFile; readonly condition: string }[] {
  if (bucket === undefined) return files.map((file) => ({ file, condition: 'TRUE' }));
  const { bucket: no, buckets } = bucket;
  return files
    .filter((file) => overlaps(file, bucket))
    .map((file) => ({
      file,
      // A file that was split less finely holds rows of other buckets too.
      condition: file.buckets < buckets ? `${userBucketSql('user_id', buckets)} = ${no}` : 'TRUE',
    }));
}

/** Buckets are leading bits of one hash, so those of two sizes nest or are disjoint. */
function overlaps(file: StagedFile, { bucket, buckets }: Bucket): boolean {
  return file.buckets <= buckets
    ? Math.floor(bucket / (buckets / file.buckets)) === file.bucket
    : Math.floor(file.bucket / (file.buckets / buckets)) === bucket;
}
