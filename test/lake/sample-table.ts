/** A small table for tests of the lake: its declaration, data files made by DuckDB, and commits of them. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { claimPartition } from '../../lake/claim.ts';
import { type CommitOptions, type CommitResult, commitPartition } from '../../lake/commit.ts';
import type { DataFile } from '../../lake/data-file.ts';
import { type Duck, openDuck, writeParquet } from '../../lake/duckdb.ts';
import { dataKey } from '../../lake/lake-keys.ts';
import type { Manifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { useTempDir } from '../support/temp-dir.ts';

export const sampleTable: TableSchema = {
  name: 'sample',
  description: 'Rows of tests.',
  key: ['id'],
  exported: true,
  columns: [
    { name: 'id', type: 'long', description: 'Row number.' },
    { name: 'day', type: 'date', description: 'Local day.' },
    { name: 'user_id', type: 'string', description: 'Who.' },
    { name: 'views', type: 'int', unit: 'count', description: 'How many.' },
    { name: 'dwell_s', type: 'double', nullable: true, unit: 's', description: 'How long.' },
    { name: 'suspect', type: 'boolean', description: 'Whether odd.' },
  ],
};

/** `rowCount` rows of a day; another `salt` gives other values. */
export function sampleQuery(day: string, rowCount: number, salt = 0): string {
  return `SELECT i::BIGINT AS id, DATE '${day}' AS day, 'user-' || ((i * 7 + ${salt}) % 1000)::VARCHAR AS user_id,
    ((i + ${salt}) % 13)::INTEGER AS views, CASE WHEN i % 5 = 0 THEN NULL ELSE (i * 1.5 + ${salt})::DOUBLE END AS dwell_s,
    i % 11 = 0 AS suspect FROM range(${rowCount}) t(i)`;
}

export interface SampleLake {
  readonly duck: Duck;
  readonly tempPath: string;
  /** A new empty directory. */
  freshDir(): string;
  /** Writes rows to the store as a data file of the claim. */
  putRows(store: ObjectStore, day: string, token: string, rowCount: number, salt?: number): Promise<DataFile>;
  /** Claim, put, commit. */
  publish(
    store: ObjectStore,
    day: string,
    rowCount: number,
    salt?: number,
    options?: CommitOptions & { readonly inputsHash?: string },
  ): Promise<CommitResult & { readonly token: string; readonly files: readonly DataFile[] }>;
}

/** Call it at the top of a file or of a `describe`. */
export function useSampleLake(): SampleLake {
  const temp = useTempDir();
  let duck: Duck | undefined;
  beforeAll(async () => {
    duck = await openDuck({ memoryLimitBytes: 256 * 1024 ** 2, threads: 1, tempDir: temp.path });
  });
  afterAll(() => duck?.close());

  const lake: SampleLake = {
    get duck() {
      return duck!;
    },
    tempPath: temp.path,
    freshDir: () => {
      const dir = join(temp.path, randomUUID());
      mkdirSync(dir);
      return dir;
    },
    putRows: async (store, day, token, rowCount, salt = 0) => {
      const path = join(temp.path, `${randomUUID()}.parquet`);
      const query = sampleQuery(day, rowCount, salt);
      const { size, sha256 } = await writeParquet(duck!, { query, orderBy: ['id'], path });
      const key = dataKey(sampleTable.name, day, token, '00');
      await store.putFile(key, path);
      await unlink(path);
      return { key, rowCount, size, sha256 };
    },
    publish: async (store, day, rowCount, salt = 0, options = {}) => {
      const token = await claimPartition(store, sampleTable.name, day);
      const files = [await lake.putRows(store, day, token, rowCount, salt)];
      const manifest = sampleManifest(day, token, files, options.inputsHash ?? `inputs-${rowCount}-${salt}`);
      const result = await commitPartition(store, sampleTable, { day, token, files, manifest }, options);
      return { ...result, token, files };
    },
  };
  return lake;
}

export function sampleManifest(
  day: string,
  token: string,
  files: readonly DataFile[],
  inputsHash = 'inputs',
): Manifest {
  return {
    table: sampleTable.name,
    day,
    token,
    inputsHash,
    codeVersion: 'code-1',
    definitionVersion: 'test-1',
    params: {},
    inputs: [],
    rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
    files: [...files],
    runId: `test__${token}`,
    attempt: 1,
    createdAt: new Date().toISOString(),
    asOfMs: null,
  };
}
