/**
 * The read-back gate: a Parquet file is opened by readers that did not write it before anybody else sees it.
 *
 * parquetjs-lite reads footer, schema and row count: old and strict, it stands for the readers out there that know only
 * the plain format. It is not asked for values, because it decodes dictionaries of more than 256 entries wrongly, in
 * silence. hyparquet decodes every value, and they are compared by their digests, column by column.
 */
import parquetjs from 'parquetjs-lite';
import { FlyerlineError } from '../infra/errors.ts';
import { digestAside } from './digest-aside.ts';
import type { ExpectedColumn, ExpectedValues } from './expected-values.ts';
import type { FileDigest } from './parquet-digest.ts';
import { columnTypeOf } from './parquet-schema.ts';

/**
 * Throws FL_READ_BACK when the file does not hold exactly the expected rows and values. A promise of what is expected
 * is welcome: the file is read while DuckDB still computes it.
 */
export async function readBackParquet(
  path: string,
  expected: ExpectedValues | Promise<ExpectedValues>,
): Promise<void> {
  const [footer, values, wanted] = await Promise.all([readFooter(path), readValues(path), expected]);
  const problem =
    typeof footer === 'string'
      ? `parquetjs-lite cannot open it (${footer})`
      : typeof values === 'string'
        ? `hyparquet cannot read it (${values})`
        : (footerProblem(footer, wanted) ?? valueProblem(values, wanted));
  if (problem === undefined) return;
  throw new FlyerlineError('FL_READ_BACK', {
    subject: `Parquet file "${path}"`,
    reason: `does not read back: ${problem}`,
    remedy: 'the published file stays as it was; run the export again, and report it if this repeats',
  });
}

interface Footer {
  readonly rowCount: number;
  /** `name type`. */
  readonly columns: readonly string[];
}

/** What parquetjs-lite says, or why it says nothing. It throws texts as well as errors. */
async function readFooter(path: string): Promise<Footer | string> {
  try {
    const reader = await parquetjs.ParquetReader.openFile(path);
    try {
      return {
        rowCount: Number(reader.getRowCount()),
        columns: reader.schema.fieldList.map(({ path: names, primitiveType = 'group', originalType }) => {
          const type = columnTypeOf(primitiveType, originalType);
          return `${names.join('.')} ${type ?? [primitiveType, originalType].join(' ')}`;
        }),
      };
    } finally {
      await reader.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function readValues(path: string): Promise<FileDigest | string> {
  try {
    return await digestAside(path);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function footerProblem(footer: Footer, expected: ExpectedValues): string | undefined {
  if (footer.rowCount !== expected.rowCount) {
    return `it has ${footer.rowCount} rows instead of ${expected.rowCount}`;
  }
  const wanted = expected.columns.map(({ name, type }) => `${name} ${type}`);
  if (footer.columns.join() === wanted.join()) return undefined;
  return `its columns are (${footer.columns.join(', ')}) instead of (${wanted.join(', ')})`;
}

function valueProblem(found: FileDigest, expected: ExpectedValues): string | undefined {
  for (const [index, column] of expected.columns.entries()) {
    const difference = differenceOf(found.columns[index], column);
    if (difference !== undefined) return `column "${column.name}": ${difference}`;
  }
  return undefined;
}

/** Relative to the sum of magnitudes; both sums carry their rounding error along. */
const SUM_TOLERANCE = 1e-12;

function differenceOf(
  found: FileDigest['columns'][number] | undefined,
  wanted: ExpectedColumn,
): string | undefined {
  if (found?.name !== wanted.name || found.type !== wanted.type) return `it is ${found?.name} ${found?.type}`;
  for (const figure of ['count', 'min', 'max'] as const) {
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
