/** The sample table for a test file: a DuckDB session and a directory, opened before the tests and closed after them. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { CurrentResult } from '../../lake/current.ts';
import type { Duck } from '../../lake/duckdb.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { useTempDir } from '../support/temp-dir.ts';
import {
  commitSample,
  exportSample,
  openSampleDuck,
  type SampleCommit,
  type SampleOptions,
} from './sample-publish.ts';

export interface SampleLake {
  readonly duck: Duck;
  readonly tempPath: string;
  /** A new empty directory. */
  freshDir(): string;
  /** `commitSample` with this lake's DuckDB. */
  commit(store: ObjectStore, options: SampleOptions): Promise<SampleCommit>;
  /** `exportSample` with this lake's DuckDB. */
  export(store: ObjectStore, day: string): Promise<CurrentResult[]>;
}

/** Call it at the top of a file or of a `describe`. */
export function useSampleLake(): SampleLake {
  const temp = useTempDir();
  let duck: Duck | undefined;
  beforeAll(async () => {
    duck = await openSampleDuck(temp.path);
  });
  afterAll(() => duck?.close());
  return {
    get duck() {
      return duck!;
    },
    tempPath: temp.path,
    freshDir: () => {
      const dir = join(temp.path, randomUUID());
      mkdirSync(dir);
      return dir;
    },
    commit: (store, options) => commitSample(store, duck!, temp.path, options),
    export: (store, day) => exportSample(store, duck!, temp.path, day),
  };
}
