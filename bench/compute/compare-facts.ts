/** Whether two contenders found the same: `user_flyer_day`, row for row. */
import { openDuck, sqlString } from '../../lake/duckdb.ts';

/** What a result comes to in three numbers. */
export interface FactTotals {
  readonly rowCount: number;
  readonly views: number;
  readonly dwellS: number;
}

export interface FactDifference {
  /** Rows of the reference that the other one lacks, and the other way round. */
  readonly missing: number;
  readonly unexpected: number;
  /** One row of each, as JSON, for whoever looks for the reason. */
  readonly samples: readonly string[];
}

const MEMORY_LIMIT_BYTES = 4 * 1024 ** 3;

/** @param files a glob of Parquet or CSV files with the columns of `user_flyer_day`, in any order. */
export async function totalFacts(files: string, scratch: string): Promise<FactTotals> {
  const duck = await openDuck({ memoryLimitBytes: MEMORY_LIMIT_BYTES, threads: 2, tempDir: scratch });
  try {
    const [totals] = await duck.rows<FactTotals>(
      `SELECT count(*)::INT AS "rowCount", coalesce(sum(views), 0)::INT AS views, coalesce(sum(dwell_s), 0) AS "dwellS"
       FROM (${factsQuery(files)})`,
    );
    return totals!;
  } finally {
    await duck.close();
  }
}

/** Undefined when both hold the same rows. */
export async function compareFacts(
  reference: string,
  other: string,
  scratch: string,
): Promise<FactDifference | undefined> {
  const duck = await openDuck({ memoryLimitBytes: MEMORY_LIMIT_BYTES, threads: 2, tempDir: scratch });
  try {
    await duck.run(`CREATE VIEW reference AS ${factsQuery(reference)}`);
    await duck.run(`CREATE VIEW other AS ${factsQuery(other)}`);
    await duck.run('CREATE TABLE missing AS FROM reference EXCEPT ALL FROM other');
    await duck.run('CREATE TABLE unexpected AS FROM other EXCEPT ALL FROM reference');
    const [counts] = await duck.rows<{ missing: number; unexpected: number }>(
      'SELECT (SELECT count(*)::INT FROM missing) AS missing, (SELECT count(*)::INT FROM unexpected) AS unexpected',
    );
    if (counts!.missing === 0 && counts!.unexpected === 0) return undefined;
    const samples = await duck.rows<{ row: string }>(
      `SELECT 'reference ' || to_json(t)::VARCHAR AS row FROM (FROM missing ORDER BY ALL LIMIT 1) t
       UNION ALL
       SELECT 'other ' || to_json(t)::VARCHAR FROM (FROM unexpected ORDER BY ALL LIMIT 1) t`,
    );
    return { ...counts!, samples: samples.map(({ row }) => row) };
  } finally {
    await duck.close();
  }
}

/** Contenders differ in types and in how they write an unknown merchant; not in values. */
function factsQuery(files: string): string {
  const scan = files.endsWith('.csv')
    ? `read_csv(${sqlString(files)}, header = true, all_varchar = true)`
    : `read_parquet(${sqlString(files)}, hive_partitioning = false)`;
  return `SELECT
      user_id,
      day::DATE AS day,
      coalesce(merchant_id, '') AS merchant_id,
      flyer_id,
      views::BIGINT AS views,
      measured_views::BIGINT AS measured_views,
      bounce_views::BIGINT AS bounce_views,
      item_opens::BIGINT AS item_opens,
      first_open_ts::DOUBLE AS first_open_ts,
      dwell_s::DOUBLE AS dwell_s,
      suspect::INT AS suspect
    FROM ${scan}`;
}
