/** What the outside world lends to the tasks of this pipeline. */
import type { ObjectStore } from '../lake/object-store.ts';

export interface Services {
  /** Tables, staged files, control files, `current/`. */
  readonly lake: ObjectStore;
  /** Where producers put raw drops; read only. */
  readonly drops: ObjectStore;
  /** A directory of this process for temporary files; each attempt works in a folder of its own below it. */
  readonly scratchDir: string;
  /** Upper limit of DuckDB in one attempt, bytes. */
  readonly memoryLimitBytes: number;
  /** Threads of DuckDB in one attempt. */
  readonly threads: number;
  /** Whether exports have `.csv.gz` beside `.csv`. @default false */
  readonly exportCsvGz?: boolean;
  /** Attempts that run side by side: those of one mapped task share the two limits. @default 1 */
  readonly attemptsAtOnce?: number;
}
