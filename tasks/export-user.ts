/** The table `user`: one row per user over a range of days, as ratios of sums over the published facts (R14). */
import { openDuck, sqlPaths } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import type { DayRange } from './range/day-range.ts';
import { type FrozenTables, readPublishedRange } from './range/published-range.ts';
import { type RangeExport, writeRange } from './range/write-range.ts';
import { sqlFile } from './sql-file.ts';
import { USER, USER_FLYER_DAY } from './tables.ts';
import { userBucketSql } from './user-bucket.ts';

const sql = sqlFile(new URL('./export-user.sql', import.meta.url));

/** A median needs all of its values at once: more rows than these are gone through in passes over a part of the users each. */
const ROWS_PER_PASS = 8_000_000;
const PASSES_MAX = 2 ** 12;

export interface ExportUserOptions extends DayRange {
  readonly outDir: string;
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** The caller's to remove. */
  readonly scratchDir: string;
  /** @default 8 million */
  readonly rowsPerPass?: number;
  readonly signal?: AbortSignal;
  /** Tables as a snapshot froze them. */
  readonly frozen?: FrozenTables;
}

/**
 * Writes `user.parquet`, `user.csv` and `user.json` into `outDir`. Days that are not published are left out, and named in the result.
 * Throws FL_OBJECT_MISSING when none is, FL_CHECK_FAILED when days follow different definitions, FL_READ_BACK.
 */
export async function exportUser(store: ObjectStore, options: ExportUserOptions): Promise<RangeExport> {
  const { from, to, outDir, scratchDir, rowsPerPass = ROWS_PER_PASS, signal, frozen } = options;
  const range = await readPublishedRange(store, USER_FLYER_DAY.name, { from, to }, frozen);
  const duck = await openDuck({ ...options, tempDir: scratchDir });
  try {
    await duck.run(sql('create'));
    // Days without a view have no file.
    const paths = await Promise.all(range.files.map(({ key }) => store.fetchFile(key, scratchDir)));
    const passes = paths.length === 0 ? 0 : powerOfTwo(range.rowCount / rowsPerPass);
    for (let pass = 0; pass < passes; pass++) {
      signal?.throwIfAborted();
      await duck.run(`CREATE OR REPLACE TEMP VIEW fact_of_pass AS
        FROM read_parquet(${sqlPaths(paths)}) WHERE ${userBucketSql('user_id', passes)} = ${pass}`);
      await duck.run(sql('fill'));
    }
    return await writeRange(duck, 'user', range, [{ schema: USER, query: sql('user') }], outDir);
  } finally {
    await duck.close();
  }
}

function powerOfTwo(atLeast: number): number {
  return Math.min(PASSES_MAX, 2 ** Math.max(0, Math.ceil(Math.log2(atLeast))));
}
