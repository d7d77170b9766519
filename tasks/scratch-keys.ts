/** Where tasks of one run leave files for the next: in the lake, since the next may run on another machine. */
import type { BucketRef } from './refs.ts';

/** What cleanse leaves for dwell: events of a bucket as numbers, and the texts behind the numbers. */
export interface HorizonKeys {
  readonly events: string;
  readonly users: string;
  readonly places: string;
}

/** What dwell leaves for the report, small enough to be brought together. */
export interface ReportKeys {
  readonly flyerSums: string;
  readonly dwellValues: string;
}

export function horizonKeys(ref: BucketRef): HorizonKeys {
  const key = scratchKey(ref);
  return { events: key('events'), users: key('users'), places: key('places') };
}

export function reportKeys(ref: BucketRef): ReportKeys {
  const key = scratchKey(ref);
  return { flyerSums: key('flyer-sums'), dwellValues: key('dwell-values') };
}

/** What cleanse leaves for the checks: the rows of each drop, JSON. */
export function dropCountsKey(ref: Pick<BucketRef, 'day' | 'bucket' | 'buckets' | 'tokens'>): string {
  return scratchKey(ref)('drops').replace(/parquet$/, 'json');
}

/** The claim's token keeps the files of two runs of a day apart; two attempts of one claim write the same rows. */
function scratchKey(ref: Pick<BucketRef, 'day' | 'bucket' | 'buckets' | 'tokens'>): (name: string) => string {
  const prefix = `scratch/dt=${ref.day}/${ref.tokens.clean_events}-${bucketPart(ref)}`;
  return (name) => `${prefix}.${name}.parquet`;
}

/** Which merchant a flyer has when only the flyer is known: the same for all buckets of a day. */
export function onlyMerchantKey(day: string, inputsHash: string): string {
  return `scratch/dt=${day}/only-merchant-${inputsHash}.parquet`;
}

/** Tells the files of a day's buckets apart, and sorts like them. */
export function bucketPart({ bucket, buckets }: Pick<BucketRef, 'bucket' | 'buckets'>): string {
  const digits = Math.max(2, String(buckets - 1).length);
  return String(bucket).padStart(digits, '0');
}
