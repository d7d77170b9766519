/** A lake of merchants' metrics that a test makes up, day by day, and how they compare. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { openDuck } from '../../lake/duckdb.ts';
import type { Manifest } from '../../lake/manifest.ts';
import { openStore } from '../../lake/open-store.ts';
import { DUCK_TYPE, partitionRows } from '../../lake/partition-rows.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { compareDay } from '../../tasks/compare/compare-day.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import { putTable } from '../../tasks/put-table.ts';
import { MERCHANT_DAY, MERCHANT_METRICS } from '../../tasks/tables.ts';
import type { Row } from '../support/compute-days.ts';

/** What the comparisons read of a merchant; without users its row is suppressed. */
export interface MerchantFigures {
  readonly merchant: string;
  readonly users?: number;
  readonly measuredUsers?: number;
  readonly views?: number;
  readonly dwellS?: number;
}

export async function openMetricsLake(root: string) {
  const dir = mkdtempSync(join(root, 'lake-'));
  const lake = await openStore(join(dir, 'lake'));
  const scratchDir = join(dir, 'scratch');
  // As attempts have: each its own.
  const fresh = () => mkdtempSync(join(dir, 'scratch-'));
  const limits = { memoryLimitBytes: 256 << 20, threads: 1 };
  const services = { lake, drops: lake, scratchDir, ...limits };
  const withDuck = async <T>(use: (duck: Awaited<ReturnType<typeof openDuck>>) => Promise<T>) => {
    const duck = await openDuck({ ...limits, tempDir: scratchDir });
    try {
      return await use(duck);
    } finally {
      await duck.close();
    }
  };

  return {
    lake,
    services,
    /** Commits a version of the day's metrics, or of another table's rows of these figures. */
    async publish(
      day: string,
      figures: readonly MerchantFigures[],
      { params = {}, schema = MERCHANT_METRICS }: { params?: object; schema?: TableSchema } = {},
    ): Promise<void> {
      const token = await claimPartition(lake, schema.name, day);
      const parsed = metricParamsSchema.parse(params);
      const file = await withDuck((duck) =>
        putTable(duck, lake, schema, {
          query: figures.map((one) => rowSql(schema, day, one)).join(' UNION ALL '),
          ...{ day, tokens: { [schema.name]: token }, part: '00', params: parsed },
          scratchDir: fresh(),
        }),
      );
      const manifest: Manifest = {
        ...{ table: schema.name, day, token, inputsHash: `${token}`, codeVersion: 'test' },
        ...{ definitionVersion: 'dwell-1', params: parsed, inputs: [], rowCount: file.rowCount },
        ...{ files: [file], runId: 'test', attempt: 1, createdAt: '2018-10-02T00:00:00Z', asOfMs: 0 },
      };
      await commitPartition(lake, schema, { day, token, files: [file], manifest });
    },
    compare(day: string) {
      return compareDay({ services, scratchDir: fresh(), runId: 'test', attempt: 1 }, day);
    },
    /** Rows of merchant_day, as its head shows them. */
    async rows(day: string): Promise<Row[]> {
      const snapshot = await readSnapshot(lake, MERCHANT_DAY.name);
      const keys = filesOfDay(snapshot, day).map(({ key }) => key);
      const paths = await Promise.all(keys.map((key) => lake.fetchFile(key, scratchDir)));
      return withDuck(async (duck) =>
        duck.rows<Row>(
          `SELECT * REPLACE (day::VARCHAR AS day) FROM (${await partitionRows(duck, MERCHANT_DAY, paths)}) ORDER BY merchant_id`,
        ),
      );
    },
    close: () => lake.close(),
  };
}

export type MetricsLake = Awaited<ReturnType<typeof openMetricsLake>>;

function rowSql(schema: TableSchema, day: string, figures: MerchantFigures): string {
  const { merchant, users, measuredUsers = users, views = users, dwellS } = figures;
  const values: Readonly<Record<string, string | number | undefined>> = {
    day: `'${day}'`,
    merchant_id: `'${merchant}'`,
    users,
    measured_users: measuredUsers,
    views,
    dwell_s: dwellS,
    avg_dwell_per_user_s: dwellS !== undefined && measuredUsers ? dwellS / measuredUsers : undefined,
    suppressed: users === undefined ? 1 : 0,
    status: `'final'`,
  };
  const terms = schema.columns.map(
    ({ name, type }) => `${values[name] ?? 'NULL'}::${DUCK_TYPE[type]} AS ${name}`,
  );
  return `SELECT ${terms.join(', ')}`;
}
