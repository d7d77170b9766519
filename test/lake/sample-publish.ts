/** A small table for tests of the lake: its declaration, data files made by DuckDB, and the whole way of a partition. */
import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { updateCatalog } from '../../lake/catalog.ts';
import { claimPartition } from '../../lake/claim.ts';
import { COMMIT_STEPS, type CommitResult, commitPartition } from '../../lake/commit.ts';
import { CURRENT_STEPS, type CurrentResult, publishCurrent } from '../../lake/current.ts';
import type { DataFile } from '../../lake/data-file.ts';
import { type Duck, openDuck, sqlPaths, type WrittenFile, writeParquet } from '../../lake/duckdb.ts';
import { expectedValues } from '../../lake/expected-values.ts';
import { dataKey, type ExportFormat } from '../../lake/lake-keys.ts';
import type { Manifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { readBackParquet } from '../../lake/read-back.ts';
import type { AddFile } from '../../lake/table-log.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { keyOrder, writeCsv } from '../../lake/write-csv.ts';

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
    ((i + ${salt}) % 13)::INTEGER AS views,
    CASE WHEN i % 5 = 0 THEN NULL ELSE (i * 1.5 + ${salt})::DOUBLE END AS dwell_s,
    i % 11 = 0 AS suspect FROM range(${rowCount}) t(i)`;
}

export function openSampleDuck(tempDir: string): Promise<Duck> {
  return openDuck({ memoryLimitBytes: 256 * 1024 ** 2, threads: 1, tempDir });
}

/** Where a partition is on its way: a claim, a data file, the steps of the commit, those of each export, the catalog. */
export type Step = (step: string) => void | Promise<void>;

export const PUBLISH_STEPS: readonly string[] = [
  'claimed',
  'data-put',
  ...COMMIT_STEPS,
  ...CURRENT_STEPS.map((step) => `parquet:${step}`),
  ...CURRENT_STEPS.map((step) => `csv:${step}`),
  'catalog-put',
];

export interface SampleOptions {
  readonly day: string;
  readonly rowCount: number;
  readonly salt?: number;
  readonly inputsHash?: string;
  /** @default a new claim */
  readonly token?: string;
  /** Data files. @default 1 */
  readonly parts?: number;
  /** @default made of the token */
  readonly runId?: string;
  readonly onStep?: Step;
}

export type SampleCommit = CommitResult & { readonly token: string; readonly files: readonly DataFile[] };

/** Writes rows to the store as a data file of the claim. */
export async function putSample(
  store: ObjectStore,
  duck: Duck,
  scratchDir: string,
  { day, rowCount: rowCountAll, salt = 0, token, parts = 1 }: SampleOptions & { readonly token: string },
  part = 0,
): Promise<DataFile> {
  const path = join(scratchDir, `${randomUUID()}.parquet`);
  const query = `SELECT * FROM (${sampleQuery(day, rowCountAll, salt)}) WHERE id % ${parts} = ${part}`;
  const { size, sha256, rowCount } = await writeParquet(duck, { query, orderBy: ['id'], path });
  const key = dataKey(sampleTable.name, day, token, String(part).padStart(2, '0'));
  await store.putFile(key, path);
  await unlink(path);
  return { key, rowCount, size, sha256 };
}

/** Claim, put, commit. */
export async function commitSample(
  store: ObjectStore,
  duck: Duck,
  scratchDir: string,
  options: SampleOptions,
): Promise<SampleCommit> {
  const { day, rowCount, salt = 0, onStep } = options;
  const token = options.token ?? (await claimPartition(store, sampleTable.name, day));
  await onStep?.('claimed');
  const files: DataFile[] = [];
  for (let part = 0; part < (options.parts ?? 1); part += 1) {
    files.push(await putSample(store, duck, scratchDir, { ...options, token }, part));
  }
  await onStep?.('data-put');
  const made = sampleManifest(day, token, files, options.inputsHash ?? `inputs-${rowCount}-${salt}`);
  const manifest = { ...made, runId: options.runId ?? made.runId };
  const result = await commitPartition(
    store,
    sampleTable,
    { day, token, files, manifest },
    onStep === undefined ? {} : { onStep },
  );
  return { ...result, token, files };
}

/** Brings `current/` and the catalog to the head of the log, through the read-back gate. */
export async function exportSample(
  store: ObjectStore,
  duck: Duck,
  scratchDir: string,
  day: string,
  onStep?: Step,
): Promise<CurrentResult[]> {
  const results: CurrentResult[] = [];
  for (const format of ['parquet', 'csv'] as const) {
    results.push(
      await publishCurrent(store, sampleTable, {
        day,
        format,
        build: (files) => buildSample(store, duck, scratchDir, format, files),
        ...(onStep && { onStep: (step) => onStep(`${format}:${step}`) }),
      }),
    );
  }
  await updateCatalog(store, [sampleTable], day);
  await onStep?.('catalog-put');
  return results;
}

async function buildSample(
  store: ObjectStore,
  duck: Duck,
  scratchDir: string,
  format: ExportFormat,
  files: readonly AddFile[],
): Promise<WrittenFile> {
  const paths = await Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
  const query = `SELECT * FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = false)`;
  const path = join(scratchDir, `${randomUUID()}.${format}`);
  if (format === 'csv') return writeCsv(duck, sampleTable, { query, path });
  const written = await writeParquet(duck, { query, orderBy: keyOrder(sampleTable), path });
  await readBackParquet(path, await expectedValues(duck, { query }, sampleTable));
  return written;
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
    files,
    runId: `test__${token}`,
    attempt: 1,
    createdAt: new Date().toISOString(),
    asOfMs: null,
  };
}
