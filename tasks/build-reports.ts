/** Report: a day's buckets together. Merchants and flyers without suspects and small groups, and data quality (R13 to R16). */

import type { DataFile } from '../lake/data-file.ts';
import { type Duck, openDuck, sqlPaths, sqlString } from '../lake/duckdb.ts';
import type { ObjectStore } from '../lake/object-store.ts';
import { sha256Hex } from '../lake/sha256.ts';
import type { TableSchema } from '../lake/table-schema.ts';
import { keyOrder } from '../lake/write-csv.ts';
import { dayTables, dwellFacts } from './assets.ts';
import { defineTask } from './define-task.ts';
import { dqChecks, sumCounters } from './dq-checks.ts';
import { readDayInputs } from './ingest/day-inputs.ts';
import { putTable } from './put-table.ts';
import type { DayInputs, DayTablesRef, DwellRef } from './refs.ts';
import { horizonKeys, reportKeys } from './scratch-keys.ts';
import { setVariables, sqlFile } from './sql-file.ts';
import { STAGED_REJECT_COLUMNS } from './staged-schema.ts';
import { DQ_DAY, FLYER_DAY, MERCHANT_METRICS, REJECTED_EVENTS } from './tables.ts';

const sql = sqlFile(new URL('./build-reports.sql', import.meta.url));

export const buildReports = defineTask({
  name: 'build-reports',
  reads: { dwell: dwellFacts },
  makes: dayTables,
  async run({ services, scratchDir }, { dwell }) {
    const inputs = await readDayInputs(services.lake, dwell[0]!.inputsKey);
    const duck = await openDuck({ ...services, tempDir: scratchDir });
    try {
      const valuesPerPass = Math.floor(services.memoryLimitBytes / BYTES_PER_VALUE);
      return await reportDay(duck, services.lake, inputs, dwell, { scratchDir, valuesPerPass });
    } finally {
      await duck.close();
    }
  },
});

/** Of memory, for a value in a pass: a list takes up to three times 8 bytes while it grows, and there is more to hold than lists. */
const BYTES_PER_VALUE = 64;

export interface ReportOptions {
  readonly scratchDir: string;
  /** A quantile needs all values of its group at once; each takes 8 bytes, and its group's list up to twice that. @default 8 million */
  readonly valuesPerPass?: number;
}

export async function reportDay(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  buckets: readonly DwellRef[],
  { scratchDir, valuesPerPass = 8_000_000 }: ReportOptions,
): Promise<DayTablesRef> {
  const { day, params, status } = inputs;
  const { inputsKey, tokens } = buckets[0]!;
  await openBuckets(duck, store, inputs, buckets, scratchDir);
  await setVariables(duck, {
    day,
    status,
    bounce_ms: Math.round(params.bounce_s * 1000),
    k_min_users: params.k_min_users,
  });
  await duck.run(sql('groups'));
  await measureGroups(duck, valuesPerPass);
  await duck.run(sql('metrics'));
  await duck.run(sql('suppression'));
  const dq = dqChecks(sumCounters([...buckets.map((bucket) => bucket.dq), await countAcrossBuckets(duck)]));
  await createCounterTable(duck, dq);

  const put = async (schema: TableSchema, orderBy = keyOrder(schema)): Promise<DataFile[]> => [
    await putTable(duck, store, schema, {
      query: sql(schema.name),
      orderBy,
      day,
      tokens,
      part: '00',
      params,
      scratchDir,
    }),
  ];
  return {
    inputsKey,
    inputFingerprint: sha256Hex(buckets.map(({ fingerprint }) => fingerprint).join()),
    day,
    tokens,
    dq,
    tables: {
      clean_events: buckets.map(({ cleanEvents }) => cleanEvents),
      rejected_events: await put(REJECTED_EVENTS, ['source', 'line', 'reason', 'detail', 'raw']),
      flyer_views: buckets.map(({ tables }) => tables.flyer_views),
      user_flyer_day: buckets.map(({ tables }) => tables.user_flyer_day),
      user_day: buckets.map(({ tables }) => tables.user_day),
      merchant_metrics: await put(MERCHANT_METRICS),
      flyer_day: await put(FLYER_DAY),
      dq_day: await put(DQ_DAY),
    },
  };
}

/** Views over all buckets, named as the statements read them. */
async function openBuckets(
  duck: Duck,
  store: ObjectStore,
  inputs: DayInputs,
  buckets: readonly DwellRef[],
  scratchDir: string,
): Promise<void> {
  const open = async (view: string, keys: readonly string[]) => {
    const paths = await Promise.all(keys.map((key) => store.fetchFile(key, scratchDir)));
    await duck.run(`CREATE TEMP VIEW ${view} AS FROM read_parquet(${sqlPaths(paths)})`);
  };
  await open(
    'flyer_place',
    buckets.map((bucket) => horizonKeys(bucket).places),
  );
  await open(
    'flyer_sum',
    buckets.map((bucket) => reportKeys(bucket).flyerSums),
  );
  await open(
    'dwell_value',
    buckets.map((bucket) => reportKeys(bucket).dwellValues),
  );
  if (inputs.rejected.length > 0) {
    await open(
      'rejected_row',
      inputs.rejected.map(({ key }) => key),
    );
  } else {
    const columns = Object.entries(STAGED_REJECT_COLUMNS).map(([name, type]) => `NULL::${type} AS ${name}`);
    await duck.run(`CREATE TEMP VIEW rejected_row AS SELECT ${columns.join(', ')} WHERE FALSE`);
  }
}

/** Memory is bounded by the values of one pass, or of the largest merchant if that is more. */
async function measureGroups(duck: Duck, valuesPerPass: number): Promise<void> {
  const [values] = await duck.rows<{ count: number }>('SELECT count(*)::DOUBLE AS count FROM dwell_value');
  const passes = Math.max(1, Math.ceil(values!.count / valuesPerPass));
  for (let pass = 0; pass < passes; pass++) {
    await setVariables(duck, { passes, pass });
    await duck.run(sql('measure'));
  }
}

/** Counters that no bucket can know alone. Rejected rows are read rows too. */
async function countAcrossBuckets(duck: Duck): Promise<Record<string, number>> {
  const [flyers] = await duck.rows<{ count: number }>(sql('flyers of several merchants'));
  const rejected = await duck.rows<{ reason: string; count: number }>(sql('rejected by reason'));
  return {
    ...Object.fromEntries(rejected.map(({ reason, count }) => [`rows_quarantined_${reason}`, count])),
    flyer_ids_with_several_merchants: flyers!.count,
    rows_read: rejected.reduce((sum, { count }) => sum + count, 0),
  };
}

async function createCounterTable(duck: Duck, dq: Readonly<Record<string, number>>): Promise<void> {
  const names = Object.keys(dq).map(sqlString).join(', ');
  const values = Object.values(dq).join(', ');
  await duck.run(
    `CREATE TEMP TABLE dq_counter AS SELECT unnest([${names}]) AS name, unnest([${values}]) AS value`,
  );
}
