/** A DuckDB session bounded in memory, threads and disk: no network, no extensions, a temp folder of its own. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBValue,
} from '@duckdb/node-api';
import { ignoring } from './errno.ts';
import { sha256WhileWritten } from './sha256.ts';

export interface DuckOptions {
  /** DuckDB's own limit, bytes; the process needs 150 MB or more besides. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  /** Spill files go to a new folder below it, removed at close. @default the system's */
  readonly tempDir?: string;
  /** False lets scans run faster where no order is asked for; a COPY with ORDER BY needs it. @default true */
  readonly preserveInsertionOrder?: boolean;
}

export type DuckParams = readonly DuckDBValue[] | Readonly<Record<string, DuckDBValue>>;

/** One connection to one in-memory instance. Statements run one at a time. */
export interface Duck {
  readonly connection: DuckDBConnection;
  run(sql: string, params?: DuckParams): Promise<void>;
  /** All rows as objects of JavaScript values; BIGINT comes as bigint (cast to INT or DOUBLE for numbers). For small results. */
  rows<T extends object = Record<string, unknown>>(sql: string, params?: DuckParams): Promise<T[]>;
  /**
   * Chunks of at most 2048 rows, computed as they are taken. Finish or leave the loop before the next statement, and before an
   * appender of this connection flushes: either ends the stream early, silently. For such things there is `connect`.
   */
  stream(sql: string, params?: DuckParams): AsyncIterable<DuckDBDataChunk>;
  /** Another connection to the same instance, with temporary tables and variables of its own; closed with this one. */
  connect(): Promise<Duck>;
  close(): Promise<void>;
}

export async function openDuck(options: DuckOptions): Promise<Duck> {
  const parent = options.tempDir ?? tmpdir();
  await mkdir(parent, { recursive: true });
  const spillDir = await mkdtemp(join(parent, 'duckdb-'));
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor(options.memoryLimitBytes / 1_048_576)}MiB`,
      threads: String(Math.max(1, options.threads)),
      temp_directory: spillDir,
      preserve_insertion_order: String(options.preserveInsertionOrder ?? true),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const release = async () => {
      instance.closeSync();
      await rm(spillDir, { recursive: true, force: true });
    };
    return new DuckSession(instance, await connectTo(instance), release);
  } catch (error) {
    await rm(spillDir, { recursive: true, force: true });
    throw error;
  }
}

async function connectTo(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  // The time zone of the machine must not leak into a result.
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

class DuckSession implements Duck {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #release: () => Promise<void>;
  readonly #others: Duck[] = [];
  #isClosed = false;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection, release: () => Promise<void>) {
    this.#instance = instance;
    this.connection = connection;
    this.#release = release;
  }

  async run(sql: string, params?: DuckParams): Promise<void> {
    await this.connection.run(sql, valuesOf(params));
  }

  async rows<T extends object>(sql: string, params?: DuckParams): Promise<T[]> {
    const result = await this.connection.run(sql, valuesOf(params));
    return (await result.getRowObjectsJS()) as T[];
  }

  async *stream(sql: string, params?: DuckParams): AsyncGenerator<DuckDBDataChunk> {
    const result = await this.connection.stream(sql, valuesOf(params));
    // While a chunk is worked on, the next one is computed. Should that fail, it is thrown when the next one is asked for.
    const fetch = () => {
      const chunk = result.fetchChunk();
      chunk.catch(() => {});
      return chunk;
    };
    let next = fetch();
    try {
      for (let chunk = await next; chunk !== null && chunk.rowCount > 0; chunk = await next) {
        next = fetch();
        yield chunk;
      }
    } finally {
      await Promise.allSettled([next]);
    }
  }

  async connect(): Promise<Duck> {
    const other = new DuckSession(this.#instance, await connectTo(this.#instance), async () => {});
    this.#others.push(other);
    return other;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const other of this.#others) await other.close();
    this.connection.closeSync();
    await this.#release();
  }
}

function valuesOf(params: DuckParams | undefined): DuckDBValue[] | Record<string, DuckDBValue> | undefined {
  return params as DuckDBValue[] | Record<string, DuckDBValue> | undefined;
}

/** A text as an SQL literal. */
export function sqlString(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * A statement after which joins of this instance yield their rows in the order of the left side, as a COPY without ORDER BY needs it:
 * else the optimizer reads the smaller side into a hash table, and the order is that of the other one. With several threads that is not
 * enough: a COPY of a join keeps the order only if the left side is read from beginning to end, as `row_number() OVER ()` has it read.
 */
export const KEEP_JOIN_ORDER = "SET disabled_optimizers = 'join_order,build_side_probe_side'";

/** A name as an SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** File names as an SQL list literal, for `read_parquet(…)`. DuckDB would expand `*?[` in them. */
export function sqlPaths(paths: readonly string[]): string {
  return `[${paths.map((path) => sqlString(path.replace(/[*?[]/g, '[$&]'))).join(', ')}]`;
}

export interface WriteParquetOptions {
  /** A SELECT without ORDER BY, or one that reads a table filled in the order that the file shall have. */
  readonly query: string;
  /**
   * Columns or expressions that order rows totally, so that equal rows give equal bytes.
   * @default the order in which the query yields them, which a scan and joins from it keep
   */
  readonly orderBy?: readonly string[];
  readonly path: string;
  /** Rows. @default 122_880, DuckDB's */
  readonly rowGroupSize?: number;
  /** @default 'zstd' */
  readonly compression?: 'zstd' | 'snappy';
  /** Key-value pairs for the footer. They are part of the bytes: nothing that changes from run to run. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface WrittenFile {
  readonly path: string;
  readonly rowCount: number;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** Writes a Parquet V1 file that every reader of the matrix opens. At `path` is nothing, or all of it. */
export async function writeParquet(duck: Duck, options: WriteParquetOptions): Promise<WrittenFile> {
  const { query, orderBy = [], path, rowGroupSize = 122_880, compression = 'zstd', metadata = {} } = options;
  const pairs = Object.entries(metadata).map(([key, value]) => `${sqlName(key)}: ${sqlString(value)}`);
  const order = orderBy.length === 0 ? '' : `\nORDER BY ${orderBy.join(', ')}`;
  return copyTo(duck, path, `${query}${order}`, [
    'FORMAT parquet',
    'PARQUET_VERSION V1',
    `COMPRESSION ${compression}`,
    ...(compression === 'zstd' ? ['COMPRESSION_LEVEL 1'] : []),
    `ROW_GROUP_SIZE ${rowGroupSize}`,
    ...(pairs.length === 0 ? [] : [`KV_METADATA {${pairs.join(', ')}}`]),
  ]);
}

/** An interrupted COPY leaves half a file behind: it goes to another name first. */
export async function copyTo(
  duck: Duck,
  path: string,
  query: string,
  options: readonly string[],
): Promise<WrittenFile> {
  const partial = `${path}.${randomUUID()}.part`;
  try {
    const copying = duck.rows<{ Count: bigint }>(
      `COPY (${query}) TO ${sqlString(partial)} (${options.join(', ')})`,
    );
    const { sha256, size } = await sha256WhileWritten(partial, copying);
    const [copied] = await copying;
    await rename(partial, path);
    return { path, rowCount: Number(copied?.Count ?? 0), size, sha256 };
  } finally {
    await ignoring(['ENOENT'], rm(partial));
  }
}
