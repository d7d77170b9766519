/** How the rows of a batch are laid out in files: how large a chunk is, and into how many buckets each day is split. */
import type { Drop } from '../read/drops.ts';

/** A bucket of a day holds at most so many events. */
const BUCKET_ROWS_MAX = 2_000_000;
/** A day with more events has at least two: buckets are computed side by side. */
const UNSPLIT_ROWS_MAX = 400_000;
/** A file with fewer rows costs more to open than to read. */
const FILE_ROWS_MIN = 16_384;
const BUCKETS_MAX = 4096;
/** Bytes of a row as text, about; the sample has 115. */
const ROW_BYTES = 110;
/** A day with a smaller share of the rows is not split. */
const SPLIT_SHARE_MIN = 0.05;
const CHUNK_BYTES_MIN = 8 << 20;
const CHUNK_BYTES_MAX = 128 << 20;
const CHUNKS_MIN = 4;
/** Text bytes that a compressed byte stands for: about, and rarely more. The sample has 4, generated days 6.3. */
const COMPRESSION_RATIO = 4;
const COMPRESSION_RATIO_MAX = 7;

export interface Layout {
  /** Text bytes that one query stages. */
  readonly chunkBytes: number;
  /** Buckets of a day (days since 1970); 1 for days that are not listed. */
  readonly bucketsOfDay: readonly (readonly [dayNo: number, buckets: number])[];
}

/** The power of two at which a bucket holds one to two million of these rows; two for less than that, one for little. */
export function bucketsFor(rowCount: number): number {
  if (rowCount <= UNSPLIT_ROWS_MAX) return 1;
  const most = Math.ceil(Math.log2(rowCount / BUCKET_ROWS_MAX));
  return Math.min(BUCKETS_MAX, 2 ** Math.max(1, most));
}

/**
 * The rows of a chunk wait in memory until its files are written. There are a few chunks even of little text: they are staged side by side.
 * @param textBytes of all drops that are to be staged, estimated
 */
export function chunkBytesFor(memoryLimitBytes: number, textBytes: number): number {
  const largest = Math.min(CHUNK_BYTES_MAX, memoryLimitBytes / 8, textBytes / CHUNKS_MIN);
  return Math.floor(Math.max(CHUNK_BYTES_MIN, largest));
}

type SizedDrop = Pick<Drop, 'size' | 'compression'>;

export function estimateTextBytes({ size, compression }: SizedDrop): number {
  return size * (compression === 'none' ? 1 : COMPRESSION_RATIO);
}

/**
 * Of a drop, before it is read; rather too many. Files that are split more finely than the day are a few more to open; those that are
 * split less finely are read by several buckets, each of which takes its part.
 */
export function estimateRowsMax({ size, compression }: SizedDrop): number {
  return (size * (compression === 'none' ? 1 : COMPRESSION_RATIO_MAX)) / ROW_BYTES;
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
