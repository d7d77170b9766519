/** What `bench lake` measures. */

import type { Environment } from '../support/environment.ts';
import type { ProcessFigures } from '../support/measure-process.ts';

export interface Latency {
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** Publishing one partition of 1,000 rows, again and again, each time with other rows. */
export interface StoreResult {
  readonly store: string;
  readonly commits: number;
  /** Writing and putting the data file. */
  readonly data: Latency | undefined;
  /** Claim and commit, checkpoints included. */
  readonly commit: Latency | undefined;
  /** Both, for comparison with writers that do not tell them apart. */
  readonly write: Latency;
  /** One export: built, read back, put, its state recorded. */
  readonly parquet: Latency | undefined;
  readonly csv: Latency | undefined;
}

/** A table of so many partitions, one file each. */
export interface StateResult {
  readonly partitions: number;
  readonly checkpointBytes: number;
  readonly writeCheckpointMs: number;
  /** From nothing: checkpoint and log. */
  readonly coldMs: number;
  /** Learning that nothing has changed, and one page of 100 partitions. */
  readonly warmPageMs: number;
  /** After one more commit. */
  readonly refreshedPageMs: number;
}

export interface ExportResult {
  readonly rowCount: number;
  readonly dataBytes: number;
  readonly memoryLimitBytes: number;
  readonly parquetMs: number;
  readonly csvMs: number;
  /** Of both exports. */
  readonly figures: ProcessFigures;
  /** Of deltalake for Python that writes the same rows to a table; or why there are none. */
  readonly deltalake: ProcessFigures | string;
}

export interface LakeResult {
  readonly environment: Environment;
  readonly stores: readonly StoreResult[];
  readonly states: readonly StateResult[];
  readonly export: ExportResult | undefined;
  /** What could not be measured, and why. */
  readonly skipped: readonly string[];
}
