/** Rejected rows of a batch as Parquet files, one per day. */
import { type Duck, sqlPaths, sqlString } from '../../../lake/duckdb.ts';
import { STAGED_REJECT_COLUMNS } from '../../staged-schema.ts';

export interface RejectsFile {
  readonly path: string;
  /** Days since 1970. */
  readonly dayNo: number;
  readonly rowCount: number;
}

/** What a rejected row needs to know of its drop. */
export interface RejectingDrop {
  readonly dropNo: number;
  readonly key: string;
  /** The day of its rows that have none of their own. */
  readonly homeDayNo: number;
}

/** Rejected rows of one drop on one day. */
export interface RejectCount {
  readonly dropNo: number;
  readonly dayNo: number;
  readonly rowCount: number;
}

/** Reads the NDJSON of `row-files.ts`. `dir` does not exist yet. */
export async function stageRejects(
  duck: Duck,
  paths: readonly string[],
  drops: readonly RejectingDrop[],
  dir: string,
): Promise<{ readonly files: readonly RejectsFile[]; readonly counts: readonly RejectCount[] }> {
  const values = drops.map(({ dropNo, key, homeDayNo }) => `(${dropNo}, ${sqlString(key)}, ${homeDayNo})`);
  await duck.run(`CREATE OR REPLACE TEMP VIEW rejected_row AS
    SELECT coalesce(local_ms_of(r.instant_ms, r.wall_ms) // 86400000, d.home_day_no)::INTEGER AS day_no,
      ${Object.keys(STAGED_REJECT_COLUMNS).join(', ')}
    FROM read_json(${sqlPaths(paths)}, format = 'newline_delimited', columns = {drop_no: 'USMALLINT', line: 'BIGINT',
      reason: 'VARCHAR', detail: 'VARCHAR', raw: 'VARCHAR', instant_ms: 'BIGINT', wall_ms: 'BIGINT'}) AS r
    JOIN (VALUES ${values.join(', ')}) AS d(drop_no, source, home_day_no) USING (drop_no)`);
  const written = await duck.rows<{
    filename: string;
    count: bigint;
    partition_keys: { value: string }[];
  }>(
    `COPY (FROM rejected_row ORDER BY drop_no, line) TO ${sqlString(dir)}
     (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARTITION_BY (day_no), RETURN_STATS)`,
  );
  const files = written.map(({ filename, count, partition_keys }) => ({
    path: filename,
    dayNo: Number(partition_keys[0]!.value),
    rowCount: Number(count),
  }));
  const counts = await duck.rows<RejectCount>(
    `SELECT drop_no::INTEGER AS "dropNo", day_no AS "dayNo", count(*)::DOUBLE AS "rowCount" FROM rejected_row GROUP BY ALL`,
  );
  return { files, counts };
}
