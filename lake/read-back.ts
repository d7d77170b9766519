/**
 * The read-back gate: a Parquet file is opened by readers that did not write it before anybody else sees it.
 *
 * parquetjs-lite reads footer, schema and row count: old and strict, it stands for the readers out there that know only
 * the plain format. It is not asked for values, because it decodes dictionaries of more than 256 entries wrongly, in
 * silence. hyparquet reads every value, and digests them column by column.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { type AsyncBuffer, parquetMetadataAsync, parquetScan } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import parquetjs from 'parquetjs-lite';
import { FlyerlineError } from '../infra/errors.ts';
import { type ColumnDigest, digestColumn, mergeDigests } from './column-digest.ts';
import type { ExpectedColumn, ExpectedValues } from './expected-values.ts';
import type { ColumnType } from './table-schema.ts';

/** Throws FL_READ_BACK when the file does not hold exactly the expected rows and values. */
export async function readBackParquet(path: string, expected: ExpectedValues): Promise<void> {
  const problem = (await footerProblem(path, expected)) ?? (await valueProblem(path, expected));
  if (problem === undefined) return;
  throw new FlyerlineError('FL_READ_BACK', {
    subject: `Parquet file "${path}"`,
    reason: `does not read back: ${problem}`,
    remedy: 'the published file stays as it was; run the export again, and report it if this repeats',
  });
}

const PARQUETJS_TYPE: Readonly<Record<ColumnType, string>> = {
  string: 'BYTE_ARRAY UTF8',
  int: 'INT32 INT_32',
  long: 'INT64 INT_64',
  double: 'DOUBLE ',
  boolean: 'BOOLEAN ',
  date: 'INT32 DATE',
};

async function footerProblem(path: string, expected: ExpectedValues): Promise<string | undefined> {
  const reader = await parquetjs.ParquetReader.openFile(path).catch((error: unknown) => `${error}`);
  if (typeof reader === 'string') return `parquetjs-lite cannot open it (${reader})`;
  try {
    const rowCount = Number(reader.getRowCount());
    if (rowCount !== expected.rowCount) return `it has ${rowCount} rows instead of ${expected.rowCount}`;
    const found = reader.schema.fieldList.map(
      ({ path: names, primitiveType, originalType }) =>
        `${names.join('.')} ${primitiveType ?? 'group'} ${originalType ?? ''}`,
    );
    const wanted = expected.columns.map(({ name, type }) => `${name} ${PARQUETJS_TYPE[type]}`);
    if (found.join() !== wanted.join()) {
      return `its columns are (${found.join(', ')}) instead of (${wanted.join(', ')})`;
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

async function valueProblem(path: string, expected: ExpectedValues): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    for (const column of expected.columns) {
      const digest = await readDigest(await asyncBufferOf(handle), column).catch(
        (error: unknown) => `hyparquet cannot read it (${error instanceof Error ? error.message : error})`,
      );
      const problem = typeof digest === 'string' ? digest : differenceOf(digest, column);
      if (problem !== undefined) return `column "${column.name}": ${problem}`;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

async function asyncBufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const buffer = new ArrayBuffer(end - start);
      const { bytesRead } = await handle.read(new Uint8Array(buffer), 0, end - start, start);
      if (bytesRead < end - start) throw new Error('the file ends early');
      return buffer;
    },
  };
}

/** One column chunk after the other, so that memory holds one of them. */
async function readDigest(file: AsyncBuffer, { name, type }: ExpectedColumn): Promise<ColumnDigest> {
  const metadata = await parquetMetadataAsync(file);
  const parsers = { dateFromDays: (days: number) => days };
  const scan = await parquetScan({ file, metadata, compressors, parsers, columns: [name] });
  let digest = digestColumn(type, []);
  for (const range of scan.ranges) {
    digest = mergeDigests(digest, digestColumn(type, await scan.readColumn({ column: name, ...range })));
  }
  return digest;
}

/** Relative to the sum of magnitudes; both sums carry their rounding error along. */
const SUM_TOLERANCE = 1e-12;

function differenceOf(found: ColumnDigest, wanted: ExpectedColumn): string | undefined {
  for (const figure of ['count', 'nulls', 'min', 'max'] as const) {
    if (found[figure] !== wanted[figure]) {
      return `its ${figure} is ${show(found[figure])} instead of ${show(wanted[figure])}`;
    }
  }
  const isSame =
    wanted.type === 'double'
      ? Math.abs(Number(found.sum) - Number(wanted.sum)) <= SUM_TOLERANCE * magnitudeOf(wanted)
      : found.sum === wanted.sum;
  return isSame ? undefined : `its sum is ${show(found.sum)} instead of ${show(wanted.sum)}`;
}

/** At least the sum of absolute values, whatever signs they have. */
function magnitudeOf({ count, min, max }: ExpectedColumn): number {
  return count * Math.max(Math.abs(Number(min ?? 0)), Math.abs(Number(max ?? 0)));
}

const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));
