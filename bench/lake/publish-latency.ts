/** How long it takes to publish a small partition on a store, step by step. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { publishCurrent } from '../../lake/current.ts';
import { type Duck, openDuck, writeParquet } from '../../lake/duckdb.ts';
import { dataKey, type ExportFormat } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { keyOrder } from '../../lake/write-csv.ts';
import { writeCsvExport } from '../../tasks/export-csv.ts';
import { writeParquetExport } from '../../tasks/export-parquet.ts';
import { median } from '../support/statistics.ts';
import { benchQuery, benchTable } from './bench-table.ts';
import type { Latency, StoreResult } from './result.ts';

export const ROWS = 1_000;
export const DAY = '2018-10-01';

export async function measurePublishing(
  name: string,
  store: ObjectStore,
  commits: number,
  scratchDir: string,
): Promise<StoreResult> {
  const duck = await openDuck({ memoryLimitBytes: 512 * 1024 ** 2, threads: 1, tempDir: scratchDir });
  const times = { data: [] as number[], commit: [] as number[], write: [] as number[] };
  const exports = { parquet: [] as number[], csv: [] as number[] };
  try {
    for (let salt = 0; salt < commits; salt += 1) {
      const startMs = performance.now();
      const token = await claimPartition(store, benchTable.name, DAY);
      const claimMs = performance.now() - startMs;
      const path = join(scratchDir, 'data.parquet');
      const { rowCount, size, sha256 } = await writeParquet(duck, {
        query: benchQuery(DAY, ROWS, salt),
        orderBy: keyOrder(benchTable),
        path,
      });
      const key = dataKey(benchTable.name, DAY, token, '00');
      await store.putFile(key, path);
      const dataMs = performance.now() - startMs - claimMs;
      const files = [{ key, rowCount, size, sha256 }];
      await commitPartition(store, benchTable, {
        day: DAY,
        token,
        files,
        manifest: manifestOf(token, files),
      });
      const writeMs = performance.now() - startMs;
      times.data.push(dataMs);
      times.commit.push(writeMs - dataMs);
      times.write.push(writeMs);
      for (const format of ['parquet', 'csv'] as const) {
        exports[format].push(await exportOnce(store, duck, scratchDir, format));
      }
    }
  } finally {
    await duck.close();
  }
  return {
    store: name,
    commits,
    data: latencyOf(times.data),
    commit: latencyOf(times.commit),
    write: latencyOf(times.write),
    parquet: latencyOf(exports.parquet),
    csv: latencyOf(exports.csv),
  };
}

/** Milliseconds. */
export async function exportOnce(
  store: ObjectStore,
  duck: Duck,
  scratchDir: string,
  format: ExportFormat,
): Promise<number> {
  const startMs = performance.now();
  const path = join(scratchDir, `export.${format}`);
  await publishCurrent(store, benchTable, {
    day: DAY,
    format,
    build: async (files, stamp) => {
      const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
      const partition = { schema: benchTable, paths, stamp };
      return format === 'csv'
        ? writeCsvExport(duck, partition, path)
        : writeParquetExport(duck, partition, path);
    },
  });
  const endMs = performance.now();
  await rm(path, { force: true });
  return endMs - startMs;
}

export function latencyOf(timesMs: readonly number[]): Latency {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return { medianMs: median(sorted), p95Ms: sorted[Math.ceil(sorted.length * 0.95) - 1]! };
}

export function manifestOf(
  token: string,
  files: readonly { key: string; rowCount: number; size: number; sha256: string }[],
) {
  return {
    table: benchTable.name,
    day: DAY,
    token,
    inputsHash: token,
    codeVersion: 'bench',
    definitionVersion: 'bench',
    params: {},
    inputs: [],
    rowCount: files.reduce((sum, { rowCount }) => sum + rowCount, 0),
    files,
    runId: 'bench',
    attempt: 1,
    createdAt: new Date().toISOString(),
    asOfMs: null,
  };
}
