/** One SQL statement over the tables of a lake: read-only, limited in time, memory and what it can reach. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Duck, openDuck, sqlName } from '../duckdb.ts';
import { readSnapshotAt } from '../history.ts';
import type { ObjectStore } from '../object-store.ts';
import { partitionRows } from '../partition-rows.ts';
import { committedDays, filesOfDay, readSnapshot, type Snapshot } from '../table-log.ts';
import type { TableSchema } from '../table-schema.ts';
import { neededDays } from './needed-days.ts';
import { findReferences, type Reference } from './references.ts';
import { lockDown } from './sandbox.ts';
import { sqlError, tookTooLong } from './sql-errors.ts';
import { parseStatement } from './statement.ts';

export interface LakeQueryOptions {
  readonly schemas: readonly TableSchema[];
  /** Bytes. Eight times as much may be spilled to disk. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** Of planning, fetching and running together. */
  readonly timeoutMs: number;
  /** Data files of a lake that is not local are fetched to it, each once. */
  readonly scratchDir: string;
  /** Tables without an `AS OF` of their own are read as they were then. @default now */
  readonly asOfMs?: number | undefined;
  /** … or like this: as a named snapshot froze them, which has to have all of `schemas`. */
  readonly frozen?: ((table: string) => Snapshot) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LakeQuery {
  readonly duck: Duck;
  /** Stands in parentheses as it is. Of EXPLAIN, what is explained. */
  readonly query: string;
  readonly explain: string | undefined;
  /** An empty folder that the session may write to, removed afterwards. */
  readonly outDir: string;
  readonly sources: readonly QuerySource[];
}

export interface QuerySource {
  readonly table: string;
  /** -1: the table did not exist. */
  readonly version: number;
  /** Data files that were read, of all the version has. */
  readonly files: number;
  readonly filesTotal: number;
}

const FETCHES_AT_ONCE = 8;
const SPILL_FACTOR = 8;

/**
 * Prepares the statement and hands it to `use`, which runs it. Only data files of partitions that its conditions on `day`
 * can need are fetched. Throws FL_SQL_INVALID, FL_SQL_REFUSED, FL_SQL_LIMIT, FL_USAGE, and FL_OBJECT_MISSING for a version that is not there.
 */
export async function withLakeQuery<T>(
  store: ObjectStore,
  sql: string,
  options: LakeQueryOptions,
  use: (query: LakeQuery) => Promise<T>,
): Promise<T> {
  const { schemas, timeoutMs, memoryLimitBytes, signal } = options;
  const limits = { timeoutMs, memoryLimitBytes, tables: schemas.map(({ name }) => name) };
  const deadline = AbortSignal.timeout(timeoutMs);
  const until = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  try {
    return await prepare(store, sql, options, until, use);
  } catch (error) {
    signal?.throwIfAborted();
    throw deadline.aborted ? tookTooLong(limits, error) : sqlError(error, limits);
  }
}

async function prepare<T>(
  store: ObjectStore,
  sql: string,
  options: LakeQueryOptions,
  signal: AbortSignal,
  use: (query: LakeQuery) => Promise<T>,
): Promise<T> {
  const { memoryLimitBytes, threads, scratchDir } = options;
  const { query: asked, explain } = parseStatement(sql);
  const { sql: query, references } = findReferences(asked, options.schemas);
  const snapshots = await Promise.all(references.map((reference) => snapshotOf(store, reference, options)));
  await mkdir(scratchDir, { recursive: true });
  const ownDir = await mkdtemp(join(scratchDir, 'sql-'));
  let duck: Duck | undefined;
  const interrupt = () => duck?.connection.interrupt();
  try {
    const planned = references.map(({ schema, namespace }, at) => ({
      ...{ schema, namespace, days: daysWithFiles(snapshots[at]!) },
    }));
    const needed = await neededDays(query, planned, ownDir);
    const paths: string[][] = [];
    for (const [at, snapshot] of snapshots.entries()) {
      const keys = planned[at]!.days.filter((day) => needed[at]!.has(day)).flatMap((day) =>
        filesOfDay(snapshot, day).map(({ key }) => key),
      );
      paths.push(await fetchAll(store, keys, join(scratchDir, 'files'), signal));
    }

    duck = await openDuck({ memoryLimitBytes, threads, tempDir: ownDir });
    await duck.run(
      `SET max_temp_directory_size = '${Math.floor((memoryLimitBytes * SPILL_FACTOR) / 2 ** 20)}MiB'`,
    );
    for (const [at, { schema, namespace }] of references.entries()) {
      await duck.run(`CREATE SCHEMA IF NOT EXISTS ${sqlName(namespace)}`);
      const rows = await partitionRows(duck, schema, paths[at]!);
      await duck.run(`CREATE VIEW ${sqlName(namespace)}.${sqlName(schema.name)} AS ${rows}`);
    }
    const outDir = join(ownDir, 'out');
    await mkdir(outDir);
    await lockDown(duck, { paths: paths.flat(), directories: [outDir] });
    signal.throwIfAborted();
    signal.addEventListener('abort', interrupt);
    const sources = references.map(({ schema }, at) => ({
      table: schema.name,
      version: snapshots[at]!.version,
      files: paths[at]!.length,
      filesTotal: snapshots[at]!.files.size,
    }));
    return await use({ duck, query, explain, outDir, sources });
  } finally {
    signal.removeEventListener('abort', interrupt);
    await duck?.close();
    await rm(ownDir, { recursive: true, force: true });
  }
}

async function snapshotOf(
  store: ObjectStore,
  { schema: { name }, asOf }: Reference,
  { asOfMs, frozen }: LakeQueryOptions,
): Promise<Snapshot> {
  if (asOf !== undefined && 'version' in asOf) return readSnapshot(store, name, { version: asOf.version });
  if (asOf === undefined && frozen !== undefined) return frozen(name);
  const timeMs = asOf?.timeMs ?? asOfMs;
  return timeMs === undefined ? readSnapshot(store, name) : readSnapshotAt(store, name, timeMs);
}

const daysWithFiles = (snapshot: Snapshot) =>
  committedDays(snapshot).filter((day) => filesOfDay(snapshot, day).length > 0);

async function fetchAll(
  store: ObjectStore,
  keys: readonly string[],
  dir: string,
  signal: AbortSignal,
): Promise<string[]> {
  const paths: string[] = [];
  for (let start = 0; start < keys.length; start += FETCHES_AT_ONCE) {
    signal.throwIfAborted();
    const some = keys.slice(start, start + FETCHES_AT_ONCE);
    paths.push(...(await Promise.all(some.map((key) => store.fetchFile(key, dir)))));
  }
  return paths;
}
