/** Runs a peer of the benchmark in this process on rows of a test, and reads back what it wrote. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runDuckdb } from '../../bench/compute/peers/duckdb/run-duckdb.ts';
import { completeJob, type PeerJob } from '../../bench/compute/peers/job.ts';
import { runPlainNode } from '../../bench/compute/peers/node/run-plain-node.ts';
import { openDuck, sqlString } from '../../lake/duckdb.ts';
import type { MetricParams } from '../../tasks/metric-params.ts';
import type { RawRow } from './stage-events.ts';

export const PEERS_IN_PROCESS = {
  'duckdb, bucketed': { run: (job: PeerJob) => runDuckdb(job, 'bucketed'), results: 'parquet' },
  'duckdb, whole': { run: (job: PeerJob) => runDuckdb(job, 'whole'), results: 'parquet' },
  'plain Node': { run: (job: PeerJob) => runPlainNode(job, { parquet: true }), results: 'parquet' },
  'plain Node, CSV': { run: (job: PeerJob) => runPlainNode(job, { parquet: false }), results: 'csv' },
} as const;

export type PeerInProcess = keyof typeof PEERS_IN_PROCESS;
export type ResultRow = Readonly<Record<string, string | number | null>>;

/** @param folder empty. Rows become one CSV drop. */
export async function runPeer(
  peer: PeerInProcess,
  folder: string,
  rows: readonly RawRow[],
  { day, rules = {} }: { day: string; rules?: Partial<MetricParams> },
): Promise<(table: string) => Promise<ResultRow[]>> {
  const [drops, out, scratch] = [join(folder, 'drops'), join(folder, 'out'), join(folder, 'scratch')];
  for (const dir of [drops, out, scratch]) await mkdir(dir, { recursive: true });
  const lines = rows.map((row) =>
    [row.timestamp, row.user, row.event, row.flyer, row.merchant].map((field) => field ?? '').join(','),
  );
  const header = 'timestamp,user_id,event,flyer_id,merchant_id';
  await writeFile(join(drops, 'drop.csv'), `${[header, ...lines].join('\n')}\n`);
  const { run, results } = PEERS_IN_PROCESS[peer];
  await run(completeJob({ drops, format: 'csv', day, out, scratch, threads: 2, rules }));
  return (table) => readTable(join(out, table, `*.${results}`), folder);
}

/** Rows in the order of all columns, NULL first. Ids stay text. */
async function readTable(files: string, tempDir: string): Promise<ResultRow[]> {
  const scan = files.endsWith('.csv')
    ? `read_csv(${sqlString(files)}, header = true, all_varchar = true)`
    : `read_parquet(${sqlString(files)}, hive_partitioning = false)`;
  const duck = await openDuck({ memoryLimitBytes: 256 * 1024 ** 2, threads: 1, tempDir });
  try {
    const rows = await duck.rows<Record<string, string | null>>(
      `SELECT COLUMNS(*)::VARCHAR FROM ${scan} ORDER BY ALL NULLS FIRST`,
    );
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, parseValue(name, value)])),
    );
  } finally {
    await duck.close();
  }
}

const TEXTS = new Set(['user_id', 'day', 'merchant_id', 'flyer_id', 'origin', 'end_reason']);

function parseValue(name: string, value: string | null): string | number | null {
  return value === null || TEXTS.has(name) ? value : Number(value);
}
