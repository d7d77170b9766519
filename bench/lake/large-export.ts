/** Time and memory of exporting one large partition, in a process of its own; and of deltalake for Python writing the same rows. */
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../../cli/terminal.ts';
import { findPython } from '../../cli/test/python.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import type { DataFile } from '../../lake/data-file.ts';
import { openDuck, writeParquet } from '../../lake/duckdb.ts';
import { dataKey } from '../../lake/lake-keys.ts';
import { openStore } from '../../lake/open-store.ts';
import { measureProcess, type ProcessFigures } from '../support/measure-process.ts';
import { benchTable, sortedBenchQuery } from './bench-table.ts';
import { DAY, manifestOf } from './publish-latency.ts';
import type { ExportResult } from './result.ts';

const EXPORT_ONCE = new URL('./export-once.ts', import.meta.url).pathname;
const PEER = new URL('./delta_large.py', import.meta.url).pathname;
const TIMEOUT_MS = 3_600_000;
/** Of a row in a data file, and as CSV. */
const DATA_BYTES = 46;
const CSV_BYTES = 124;

export interface LargeExportOptions {
  /** Of the lake; removed by the caller. */
  readonly directory: string;
  readonly scratchDir: string;
  readonly rowCount: number;
  /** Of each data file but the last. @default 2_000_000, as in the pipeline: a bucket of more rows would have been split */
  readonly bucketRows?: number;
  readonly memoryLimitBytes: number;
  readonly signal: AbortSignal;
}

/** Throws FL_USAGE when the disk is too small. */
export async function measureExport(options: LargeExportOptions): Promise<ExportResult> {
  const { directory, scratchDir, rowCount, memoryLimitBytes, signal } = options;
  await requireSpace(scratchDir, rowCount);
  const dataBytes = await makePartition(options);
  const command = [process.execPath, EXPORT_ONCE, directory, scratchDir, String(memoryLimitBytes)];
  const measured = await measureProcess(command, { timeoutMs: TIMEOUT_MS, signal });
  if (measured.exitCode !== 0) throw new Error(`The export failed: ${measured.stderr}`);
  const { parquetMs, csvMs } = JSON.parse(measured.stdout) as { parquetMs: number; csvMs: number };
  // Room for the peer's copy.
  await rm(join(directory, 'current'), { recursive: true, force: true });
  const deltalake = await measurePeer(options);
  return { rowCount, dataBytes, memoryLimitBytes, parquetMs, csvMs, figures: measured.figures, deltalake };
}

/** Data files, one per bucket, as the pipeline leaves them. Resolves to their size. */
async function makePartition({
  directory,
  scratchDir,
  rowCount,
  bucketRows = 2_000_000,
  memoryLimitBytes,
  signal,
}: LargeExportOptions): Promise<number> {
  const store = await openStore(directory);
  const token = await claimPartition(store, benchTable.name, DAY);
  const duck = await openDuck({ memoryLimitBytes, threads: 2, tempDir: scratchDir });
  const path = join(scratchDir, 'large.parquet');
  const files: DataFile[] = [];
  try {
    for (let fromRow = 0; fromRow < rowCount; fromRow += bucketRows) {
      signal.throwIfAborted();
      const toRow = Math.min(rowCount, fromRow + bucketRows);
      const written = await writeParquet(duck, { query: sortedBenchQuery(DAY, fromRow, toRow), path });
      const part = String(files.length).padStart(3, '0');
      const key = dataKey(benchTable.name, DAY, token, part);
      await store.putFile(key, path);
      files.push({ key, rowCount: written.rowCount, size: written.size, sha256: written.sha256 });
    }
    await commitPartition(store, benchTable, { day: DAY, token, files, manifest: manifestOf(token, files) });
  } finally {
    await duck.close();
    await store.close();
    await rm(path, { force: true });
  }
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Batch by batch from the same data files. Or the reason why it cannot be measured. */
async function measurePeer({
  directory,
  scratchDir,
  signal,
}: LargeExportOptions): Promise<ProcessFigures | string> {
  const python = await findPython();
  if (python === undefined) return 'deltalake is not installed; ./flyerline test installs it';
  const target = join(scratchDir, 'deltalake');
  const source = join(directory, 'tables', benchTable.name, `dt=${DAY}`);
  try {
    const command = [python, PEER, source, target, DAY];
    const { exitCode, figures, stderr } = await measureProcess(command, { timeoutMs: TIMEOUT_MS, signal });
    return exitCode === 0 ? figures : `deltalake failed: ${stderr.trim().split('\n').at(-1)}`;
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** The data files, and an export twice: where it is built and where it is put. The CSV is the larger one. */
async function requireSpace(directory: string, rowCount: number): Promise<void> {
  const needed = rowCount * (DATA_BYTES + 2 * CSV_BYTES);
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize > 1.1 * needed) return;
  throw new FlyerlineError('FL_USAGE', {
    subject: `The export of ${rowCount} rows`,
    reason: `needs ${formatBytes(needed)} in ${directory}, which has ${formatBytes(bavail * bsize)} left`,
    remedy: 'give fewer --export-rows, or another TMPDIR',
    retryable: false,
  });
}
