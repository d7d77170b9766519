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

/** Fetches what is not local and creates the views `day_row`, `earlier_row` and `later_row`. */
export async function openBucketRows(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  bucket: Bucket,
  scratchDir: string,
): Promise<void> {
  const files = inputs.files.filter((file) => overlaps(file, bucket));
  const view = (name: string, isIn: (file: StagedFile) => boolean) =>
    createRowView(duck, store, name, files.filter(isIn), scratchDir, bucket);
  await view('day_row', ({ day }) => day === inputs.day);
  await view('earlier_row', ({ day }) => day < inputs.day);
  await view('later_row', ({ day }) => day > inputs.day);
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
  const wider = files.filter((file) => bucket !== undefined && file.buckets < bucket.buckets);
  const exact = files.filter((file) => !wider.includes(file));
  const parts: string[] = [];
  for (const [part, condition] of [
    [exact, 'TRUE'],
    [wider, bucket && `${userBucketSql('user_id', bucket.buckets)} = ${bucket.bucket}`],
  ] as const) {
    if (part.length === 0) continue;
    const paths = await Promise.all(part.map(({ key }) => store.fetchFile(key, scratchDir)));
    parts.push(`SELECT ${COLUMNS.join(', ')} FROM read_parquet(${sqlPaths(paths)}) WHERE ${condition}`);
  }
  const none = COLUMNS.map((column) => `NULL::${STAGED_EVENT_COLUMNS[column]} AS ${column}`);
  if (parts.length === 0) parts.push(`SELECT ${none.join(', ')} WHERE FALSE`);
  await duck.run(`CREATE TEMP VIEW ${name} AS ${parts.join(' UNION ALL ')}`);
}

/** Buckets are leading bits of one hash, so those of two sizes nest or are disjoint. */
function overlaps(file: StagedFile, { bucket, buckets }: Bucket): boolean {
  return file.buckets <= buckets
    ? Math.floor(bucket / (buckets / file.buckets)) === file.bucket
    : Math.floor(file.bucket / (file.buckets / buckets)) === bucket;
}
