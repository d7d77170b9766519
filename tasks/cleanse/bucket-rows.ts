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

/**
 * Fetches what is not local and creates the views `day_row`, `earlier_row` and `later_row` of one bucket. Resolves to the files of
 * `day_row`: a row's `drop_ref` is 65,536 × the place of its file among them + the number of its drop in that file's batch.
 */
export function openBucketRows(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  bucket: Bucket,
  scratchDir: string,
): Promise<readonly StagedFile[]> {
  return createDayViews(duck, store, inputs, '', scratchDir, bucket);
}

/** Likewise, of all buckets: `all_day_row` and so on. */
export function openAllRows(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  scratchDir: string,
): Promise<readonly StagedFile[]> {
  return createDayViews(duck, store, inputs, 'all_', scratchDir);
}

async function createDayViews(
  duck: Duck,
  store: ObjectStore,
  { day, files }: DayInputs,
  prefix: string,
  scratchDir: string,
  bucket?: Bucket,
): Promise<readonly StagedFile[]> {
  const view = (name: string, isIn: (file: StagedFile) => boolean) =>
    createRowView(duck, store, `${prefix}${name}`, files.filter(isIn), scratchDir, bucket);
  const ofDay = await view('day_row', (file) => file.day === day);
  await view('earlier_row', (file) => file.day < day);
  await view('later_row', (file) => file.day > day);
  return ofDay;
}

/** A view over the rows of these files that are in the bucket; all of them when no bucket is given. Resolves to the files as `drop_ref` counts them. */
export async function createRowView(
  duck: Duck,
  store: ObjectStore,
  name: string,
  files: readonly StagedFile[],
  scratchDir: string,
  bucket?: Bucket,
): Promise<readonly StagedFile[]> {
  const read = files.filter((file) => bucket === undefined || overlaps(file, bucket));
  // A file that was split less finely holds rows of other buckets too.
  const byCondition = Map.groupBy(read, (file) =>
    bucket !== undefined && file.buckets < bucket.buckets
      ? `${userBucketSql('user_id', bucket.buckets)} = ${bucket.bucket}`
      : 'TRUE',
  );
  const ordered = [...byCondition.values()].flat();
  const parts = [...byCondition].map(async ([condition, part]) => {
    const paths = await Promise.all(part.map(({ key }) => store.fetchFile(key, scratchDir)));
    const dropRef = `((file_index + ${ordered.indexOf(part[0]!)}) * 65536 + drop_no)::UINTEGER AS drop_ref`;
    return `SELECT ${COLUMNS.join(', ')}, ${dropRef} FROM read_parquet(${sqlPaths(paths)}) WHERE ${condition}`;
  });
  const none = [
    ...COLUMNS.map((column) => `NULL::${STAGED_EVENT_COLUMNS[column]} AS ${column}`),
    'NULL::UINTEGER AS drop_ref',
  ];
  const query =
    parts.length > 0
      ? (await Promise.all(parts)).join(' UNION ALL ')
      : `SELECT ${none.join(', ')} WHERE FALSE`;
  await duck.run(`CREATE TEMP VIEW ${name} AS ${query}`);
  return ordered;
}

/** Buckets are leading bits of one hash, so those of two sizes nest or are disjoint. */
function overlaps(file: StagedFile, { bucket, buckets }: Bucket): boolean {
  return file.buckets <= buckets
    ? Math.floor(bucket / (buckets / file.buckets)) === file.bucket
    : Math.floor(file.bucket / (file.buckets / buckets)) === bucket;
}
