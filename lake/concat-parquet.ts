/**
 * Several Parquet files as one, without decoding a value: their row groups are copied byte by byte, one file's after the
 * other's, and a footer is written that knows where they are now.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { WrittenFile } from './duckdb.ts';
import { ignoring } from './errno.ts';
import { withParquetFile } from './parquet-buffer.ts';
import { columnsOfFile } from './parquet-schema.ts';
import type { ColumnSchema } from './table-schema.ts';

const MAGIC = Buffer.from('PAR1');
/** The footer's length, and the magic once more. */
const TRAILER_BYTES = 8;
const COPY_BYTES = 1 << 20;

export interface ConcatParquetOptions {
  readonly sources: readonly string[];
  /** What they should have. */
  readonly columns: readonly Pick<ColumnSchema, 'name' | 'type'>[];
  readonly path: string;
  /** Key-value pairs for the footer, instead of those of the sources. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Rows are in the order of the sources. At `path` is nothing, or all of it. Undefined when there are no rows, or when not all
 * sources have the very same columns, which are these: one may be older than a column, or encode a text in another way.
 */
export async function concatParquet(options: ConcatParquetOptions): Promise<WrittenFile | undefined> {
  const { sources, columns, path, metadata } = options;
  const footers = await Promise.all(sources.map((source) => withParquetFile(source, readFooter)));
  const rowCount = footers.reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  if (rowCount === 0 || !areAlike(footers, columns)) return undefined;

  const partial = `${path}.${randomUUID()}.part`;
  const file = new HashedFile(await open(partial, 'wx'));
  try {
    await file.append(MAGIC);
    const groups: RowGroup[] = [];
    for (const [index, source] of sources.entries()) {
      const { row_groups, metadata_length } = footers[index]!;
      const by = BigInt(file.size - MAGIC.length);
      await withParquetFile(source, (from) => copyRowGroups(from, metadata_length, file));
      groups.push(...row_groups.map((group) => movedGroup(group, by)));
    }
    await file.append(
      encodeFooter({
        ...footers[0]!,
        num_rows: BigInt(rowCount),
        row_groups: groups,
        key_value_metadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      }),
    );
    await file.close();
    await rename(partial, path);
    return { path, rowCount, size: file.size, sha256: file.digest() };
  } finally {
    await file.close();
    await ignoring(['ENOENT'], rm(partial));
  }
}

const readFooter = (file: AsyncBuffer): Promise<FileMetaData> => parquetMetadataAsync(file);

function areAlike(footers: readonly FileMetaData[], columns: ConcatParquetOptions['columns']): boolean {
  const schemas = new Set(footers.map(({ schema }) => JSON.stringify(schema)));
  const found = columnsOfFile(footers[0]!).map(({ name, type }) => `${name} ${type}`);
  return schemas.size === 1 && found.join() === columns.map(({ name, type }) => `${name} ${type}`).join();
}

/** All that lies between magic and footer: pages, and whatever else the footer points to. */
async function copyRowGroups(from: AsyncBuffer, footerBytes: number, to: HashedFile): Promise<void> {
  const end = from.byteLength - TRAILER_BYTES - footerBytes;
  for (let start = MAGIC.length; start < end; start += COPY_BYTES) {
    await to.append(new Uint8Array(await from.slice(start, Math.min(end, start + COPY_BYTES))));
  }
}

type RowGroup = FileMetaData['row_groups'][number];
type ColumnChunk = RowGroup['columns'][number];

const CHUNK_POSITIONS = ['file_offset', 'offset_index_offset', 'column_index_offset'] as const;
const PAGE_POSITIONS = [
  'data_page_offset',
  'index_page_offset',
  'dictionary_page_offset',
  'bloom_filter_offset',
] as const;

function movedGroup(group: RowGroup, by: bigint): RowGroup {
  const columns = group.columns.map((chunk) => movedChunk(chunk, by));
  return { ...moved(group, ['file_offset'], by), columns };
}

function movedChunk(chunk: ColumnChunk, by: bigint): ColumnChunk {
  const { meta_data: pages } = chunk;
  return {
    ...moved(chunk, CHUNK_POSITIONS, by),
    ...(pages && { meta_data: moved(pages, PAGE_POSITIONS, by) }),
  };
}

/** Adds to these fields, where they are. A position of 0, where the magic is, says that there is nothing. */
function moved<T extends object>(from: T, fields: readonly (keyof T)[], by: bigint): T {
  const to = { ...from };
  for (const field of fields) {
    const position = from[field] as bigint | undefined;
    if (position) to[field] = (position + by) as T[keyof T];
  }
  return to;
}

function encodeFooter(footer: FileMetaData): Uint8Array {
  const writer = new ByteWriter();
  writeMetadata(writer, footer, Number.POSITIVE_INFINITY);
  writer.appendBytes(MAGIC);
  return writer.getBytes();
}

/** A file written once, from its start. */
class HashedFile {
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #isOpen = true;
  size = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#handle.appendFile(bytes);
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#handle.close();
    this.#isOpen = false;
  }

  /** Of all that was written; once. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
