/** How the rows of a batch are laid out in files: how large a chunk is, and into how many buckets each day is split. */

/** A bucket of a day holds at most so many events, and more than half as many where the day has more than one. */
const BUCKET_ROWS_MAX = 2_000_000;
/** A file with fewer rows costs more to open than to read. */
const FILE_ROWS_MIN = 16_384;
const BUCKETS_MAX = 4096;
/** Bytes of a row as text, about; the sample has 115. */
const ROW_BYTES = 110;
/** A day with a smaller share of the rows is not split. */
const SPLIT_SHARE_MIN = 0.05;
const CHUNK_BYTES_MIN = 8 << 20;
const CHUNK_BYTES_MAX = 128 << 20;

export interface Layout {
  /** Text bytes that one query stages. */
  readonly chunkBytes: number;
  /** Buckets of a day (days since 1970); 1 for days that are not listed. */
  readonly bucketsOfDay: readonly (readonly [dayNo: number, buckets: number])[];
}

/** The power of two at which a bucket holds one to two million of these rows. */
export function bucketsFor(rowCount: number): number {
  if (rowCount <= BUCKET_ROWS_MAX) return 1;
  return Math.min(BUCKETS_MAX, 2 ** Math.ceil(Math.log2(rowCount / BUCKET_ROWS_MAX)));
}

/** The rows of a chunk wait in memory until its files are written. */
export function chunkBytesFor(memoryLimitBytes: number): number {
  return Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, Math.floor(memoryLimitBytes / 8)));
}

/** Of a drop, before it is read. A compressed byte stands for about four. */
export function estimateRows(size: number, isCompressed: boolean): number {
  return (size * (isCompressed ? 4 : 1)) / ROW_BYTES;
}

/**
 * @param shares days of a sample of the batch, with their share of its rows
 * @param rowCount of the day that the batch is mostly about, in this and all other batches, estimated
 */
export function layOut(
  shares: readonly (readonly [dayNo: number, share: number])[],
  rowCount: number,
  chunkBytes: number,
): Layout {
  const bucketsOfDay: [number, number][] = [];
  for (const [dayNo, share] of shares) {
    if (share < SPLIT_SHARE_MIN) continue;
    const fileRows = (chunkBytes / ROW_BYTES) * share;
    const most = 2 ** Math.max(0, Math.floor(Math.log2(fileRows / FILE_ROWS_MIN)));
    const buckets = Math.min(bucketsFor(rowCount * share), most);
    if (buckets > 1) bucketsOfDay.push([dayNo, buckets]);
  }
  return { chunkBytes, bucketsOfDay: bucketsOfDay.sort(([a], [b]) => a - b) };
}
