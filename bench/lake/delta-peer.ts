/** The same partition, written by deltalake for Python. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPython } from '../../cli/test/python.ts';
import { openDuck, writeParquet } from '../../lake/duckdb.ts';
import { keyOrder } from '../../lake/write-csv.ts';
import { benchQuery, benchTable } from './bench-table.ts';
import { DAY, latencyOf, ROWS } from './publish-latency.ts';
import type { StoreResult } from './result.ts';

const run = promisify(execFile);
const PEER = new URL('./delta_peer.py', import.meta.url).pathname;

/** Or the reason why it cannot be measured. */
export async function measureDeltalake(
  name: string,
  url: string,
  commits: number,
  scratchDir: string,
  options: Readonly<Record<string, string>>,
): Promise<StoreResult | string> {
  const python = await findPython();
  if (python === undefined) return 'deltalake is not installed; ./flyerline test installs it';
  const sample = join(scratchDir, 'sample.parquet');
  const duck = await openDuck({ memoryLimitBytes: 512 * 1024 ** 2, threads: 1, tempDir: scratchDir });
  const query = benchQuery(DAY, ROWS, 0);
  await writeParquet(duck, { query, orderBy: keyOrder(benchTable), path: sample }).finally(() =>
    duck.close(),
  );
  const args = [PEER, url, sample, String(commits), JSON.stringify(options)];
  const { stdout } = await run(python, args, { timeout: 600_000, env: { ...process.env, ...options } });
  const write = latencyOf(JSON.parse(stdout) as number[]);
  return {
    store: name,
    commits,
    write,
    data: undefined,
    commit: undefined,
    parquet: undefined,
    csv: undefined,
  };
}
