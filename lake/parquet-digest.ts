/**
 * Reads a Parquet file page by page with hyparquet's decoders, and digests what they decode.
 *
 * hyparquet's own column reader puts every value, and every NULL, into one array: for a table of 15 columns that is most
 * of its time. A digest needs neither the NULLs nor the order of rows, and of a dictionary only how often each entry
 * occurs, so the pages are taken as they are.
 */
import { zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import { compressors as pureCompressors } from 'hyparquet-compressors';
import { type ColumnDigest, createDigest, type DigestBuilder, type PhysicalValues } from './column-digest.ts';
import { withParquetFile } from './parquet-buffer.ts';
import { columnsOfFile } from './parquet-schema.ts';
import type { ColumnType } from './table-schema.ts';

/** Node's own zstd takes half the time of the one in JavaScript, and less when its first buffer is large enough. */
const compressors: Compressors = {
  ...pureCompressors,
  ZSTD: (input, outputLength) =>
    zstdDecompressSync(input, {
      chunkSize: Math.max(64, outputLength),
      maxOutputLength: Math.max(1, outputLength),
    }),
};

export interface FileDigest {
  readonly rowCount: number;
  readonly columns: readonly (ColumnDigest & { readonly name: string; readonly type: ColumnType })[];
}

/** One column chunk after the other, so that memory holds one of them. Throws what the decoders throw. */
export function digestParquet(path: string): Promise<FileDigest> {
  return withParquetFile(path, async (file) => {
    const metadata = await parquetMetadataAsync(file);
    const columns: FileDigest['columns'][number][] = [];
    for (const [index, { name, type, text }] of columnsOfFile(metadata).entries()) {
      if (type === undefined) throw new Error(`column "${text}" is of a type that no table declares`);
      try {
        columns.push({ name, type, ...(await digestColumn(file, metadata, index, type)) });
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`column "${name}": ${reason}`, { cause });
      }
    }
    return { rowCount: Number(metadata.num_rows), columns };
  });
}

async function digestColumn(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columnIndex: number,
  type: ColumnType,
): Promise<ColumnDigest> {
  const digest = createDigest(type);
  const schemaTree = parquetSchema(metadata);
  for (const group of metadata.row_groups) {
    const chunk = group.columns[columnIndex]?.meta_data;
    if (chunk === undefined) throw new Error('a row group lacks it');
    const schemaPath = getTreePath(schemaTree, chunk.path_in_schema);
    const decoder: Decoder = {
      ...chunk,
      pathInSchema: chunk.path_in_schema,
      schemaPath,
      element: schemaPath.at(-1)!.element,
      parsers: DEFAULT_PARSERS,
      compressors,
    };
    const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
    const bytes = await file.slice(start, start + Number(chunk.total_compressed_size));
    digestChunk(bytes, decoder, Number(group.num_rows), digest);
  }
  return digest.digest();
}

type Decoder = Parameters<typeof readDataPage>[2];

/** Throws when the pages do not hold exactly one value or NULL per row of the group. */
function digestChunk(bytes: ArrayBuffer, decoder: Decoder, rowCount: number, digest: DigestBuilder): void {
  const reader = { view: new DataView(bytes), offset: 0 };
  let dictionary: PhysicalValues | undefined;
  let counts = new Uint32Array(0);
  let rows = 0;
  while (rows < rowCount) {
    const header = parquetHeader(reader);
    const compressed = new Uint8Array(bytes, reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    const page = decompressPage(compressed, header.uncompressed_page_size, decoder.codec, compressors);
    if (header.dictionary_page_header) {
      const { num_values } = header.dictionary_page_header;
      dictionary = readPlain(readerOf(page), decoder.type, num_values, undefined) as PhysicalValues;
      counts = new Uint32Array(num_values);
    } else if (header.data_page_header) {
      const { dataPage } = readValues(page, header.data_page_header, decoder);
      rows += header.data_page_header.num_values;
      if (header.data_page_header.encoding.endsWith('_DICTIONARY')) tally(dataPage as number[], counts);
      else digest.add(dataPage as PhysicalValues);
    } else {
      throw new Error(`a page is of type ${header.type}`);
    }
  }
  if (rows !== rowCount) throw new Error(`pages hold ${rows} rows instead of ${rowCount}`);
  if (dictionary !== undefined) digest.add(dictionary, counts);
}

/** Where one run of levels says that no value is NULL, the levels are passed over: hyparquet would fill an array with them. */
function readValues(page: Uint8Array, header: Parameters<typeof readDataPage>[1], decoder: Decoder) {
  const levels = levelsWithoutNull(header.num_values);
  const isWithoutNull =
    decoder.element.repetition_type === 'OPTIONAL' && levels.equals(page.subarray(0, levels.length));
  if (!isWithoutNull) return readDataPage(page, header, decoder);
  return readDataPage(page.subarray(levels.length), header, { ...decoder, schemaPath: [] });
}

/** A length of 4 bytes; then as varint twice the length of the run; then the level, which is 1. */
function levelsWithoutNull(valueCount: number): Buffer {
  const run: number[] = [];
  let rest = valueCount * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) run.push((rest % 128) | 128);
  run.push(rest, 1);
  return Buffer.from([run.length, 0, 0, 0, ...run]);
}

/** How often each entry of the dictionary occurs. An index beyond it would be lost without a trace: it is an error. */
function tally(indexes: ArrayLike<number>, counts: Uint32Array): void {
  for (let position = 0; position < indexes.length; position += 1) {
    const index = indexes[position]!;
    if (!(index < counts.length))
      throw new Error(`index ${index} in a dictionary of ${counts.length} entries`);
    counts[index]! += 1;
  }
}

function readerOf(page: Uint8Array) {
  return { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
}
