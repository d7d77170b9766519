/** Time and memory of exporting one large partition, in a process of its own. */
import { join } from 'node:path';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { openDuck, writeParquet } from '../../lake/duckdb.ts';
import { dataKey } from '../../lake/lake-keys.ts';
import { openStore } from '../../lake/open-store.ts';
import { measureProcess } from '../support/measure-process.ts';
import { benchQuery, benchTable } from './bench-table.ts';
import { DAY, manifestOf } from './publish-latency.ts';
import type { ExportResult } from './result.ts';

const EXPORT_ONCE = new URL('./export-once.ts', import.meta.url).pathname;
const TIMEOUT_MS = 3_600_000;

export async function measureExport(
  directory: string,
  scratchDir: string,
  rows: number,
  memoryLimitBytes: number,
  signal: AbortSignal,
): Promise<ExportResult> {
  const store = await openStore(directory);
  const token = await claimPartition(store, benchTable.name, DAY);
  const path = join(scratchDir, 'large.parquet');
  const duck = await openDuck({ memoryLimitBytes, threads: 2, tempDir: scratchDir });
  const { rowCount, size, sha256 } = await writeParquet(duck, {
    query: benchQuery(DAY, rows, 0),
    orderBy: ['user_id'],
    path,
  }).finally(() => duck.close());
  const key = dataKey(benchTable.name, DAY, token, '00');
  await store.putFile(key, path);
  const files = [{ key, rowCount, size, sha256 }];
  await commitPartition(store, benchTable, { day: DAY, token, files, manifest: manifestOf(token, files) });
  await store.close();

  const command = [process.execPath, EXPORT_ONCE, directory, scratchDir, String(memoryLimitBytes)];
  const measured = await measureProcess(command, { timeoutMs: TIMEOUT_MS, signal });
  if (measured.exitCode !== 0) throw new Error(`The export failed: ${measured.stderr}`);
  const { parquetMs, csvMs } = JSON.parse(measured.stdout) as { parquetMs: number; csvMs: number };
  return { rowCount, dataBytes: size, memoryLimitBytes, parquetMs, csvMs, figures: measured.figures };
}
