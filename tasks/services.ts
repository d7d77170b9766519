/** What the outside world lends to the tasks of this pipeline. */
import type { ObjectStore } from '../lake/object-store.ts';

export interface Services {
  /** Tables, staged files, control files, `current/`. */
  readonly lake: ObjectStore;
  /** Where producers put raw drops; read only. */
  readonly drops: ObjectStore;
  /** A directory of this process for temporary files; each attempt works in a folder of its own below it. */
  readonly scratchDir: string;
  /** Upper limit of one DuckDB instance, bytes. */
  readonly memoryLimitBytes: number;
  /** Threads of one DuckDB instance. */
  readonly threads: number;
}
