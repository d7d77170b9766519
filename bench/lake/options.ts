/** What `bench lake` is asked for. */
import type { CommonOptions } from '../../cli/common-options.ts';

export interface LakeBenchOptions extends CommonOptions {
  /** Commits per store; 0 leaves publishing out. */
  readonly commits: number;
  /** Sizes of tables whose state is read; those of 0 are left out. */
  readonly partitions: readonly number[];
  /** Rows of the partition whose export is measured; 0 leaves it out. */
  readonly exportRows: number;
  readonly memoryLimit: number;
}

/** `10k,100k`. Throws what `parse` throws. */
export function parseList(parse: (text: string) => number): (text: string) => number[] {
  return (text) => text.split(',').map(parse);
}
