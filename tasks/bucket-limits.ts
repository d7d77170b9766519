/** What DuckDB may use for one bucket, when others are computed at the same time. */
import type { BucketRef } from './refs.ts';
import type { Services } from './services.ts';

type Limits = Pick<Services, 'memoryLimitBytes' | 'threads'>;

/**
 * Buckets run side by side, so one needs no second thread: it would cost a third more CPU for the same work. A day of a
 * single bucket has everything.
 */
export function bucketLimits(
  { memoryLimitBytes, threads, attemptsAtOnce = 1 }: Limits & Pick<Services, 'attemptsAtOnce'>,
  { buckets }: Pick<BucketRef, 'buckets'>,
): Limits {
  const sharers = Math.min(attemptsAtOnce, buckets);
  return {
    memoryLimitBytes: Math.floor(memoryLimitBytes / sharers),
    threads: Math.ceil(threads / sharers),
  };
}
