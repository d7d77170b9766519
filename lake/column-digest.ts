/**
 * A digest of a column's values: counts, bounds and an exact sum, the same whether SQL or this code computes it, and
 * the same in any order of rows. Two readers that agree on it have read the same values.
 */
import { compareKeys } from './object-keys.ts';
import type { ColumnType } from './table-schema.ts';

export interface ColumnDigest {
  readonly count: number;
  readonly nulls: number;
  /** Dates as days since 1970-01-01, booleans as 0 and 1; undefined when there is no value. */
  readonly min: string | number | bigint | undefined;
  readonly max: string | number | bigint | undefined;
  /**
   * Of numbers: their sum. Of dates: of days. Of booleans: how many are true. Of texts: of their lengths in UTF-8 and of
   * their first and last six bytes as numbers, which a swapped or shifted text changes though bounds and count stay.
   */
  readonly sum: number | bigint;
}

type Values = ArrayLike<unknown>;

/** `values` are as hyparquet gives them, dates as days. Throws TypeError for a value of another type. */
export function digestColumn(type: ColumnType, values: Values): ColumnDigest {
  return DIGEST[type](values);
}

/** Of two parts of a column. */
export function mergeDigests(a: ColumnDigest, b: ColumnDigest): ColumnDigest {
  return {
    count: a.count + b.count,
    nulls: a.nulls + b.nulls,
    min: a.min === undefined || (b.min !== undefined && compare(b.min, a.min) < 0) ? b.min : a.min,
    max: a.max === undefined || (b.max !== undefined && compare(b.max, a.max) > 0) ? b.max : a.max,
    sum: typeof a.sum === 'bigint' ? a.sum + BigInt(b.sum) : a.sum + Number(b.sum),
  };
}

const DIGEST: Readonly<Record<ColumnType, (values: Values) => ColumnDigest>> = {
  int: (values) => digestNumbers(values, 'number'),
  double: (values) => digestNumbers(values, 'number'),
  date: (values) => digestNumbers(values, 'number'),
  boolean: (values) => digestNumbers(values, 'boolean'),
  long: digestLongs,
  string: digestTexts,
};

function digestNumbers(values: Values, type: 'number' | 'boolean'): ColumnDigest {
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  // Neumaier's sum: the error does not grow with the number of rows, so that one wrong value in millions shows.
  let sum = 0;
  let lost = 0;
  for (let index = 0; index < values.length; index += 1) {
    const found = values[index];
    if (found === null || found === undefined) continue;
    const isRight = type === 'number' ? typeof found === 'number' : typeof found === 'boolean';
    if (!isRight) throw new TypeError(`a ${typeof found} where a ${type} should be`);
    const value = Number(found);
    count += 1;
    if (value < min) min = value;
    if (value > max) max = value;
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return {
    count,
    nulls: values.length - count,
    min: count === 0 ? undefined : min,
    max: count === 0 ? undefined : max,
    sum: sum + lost,
  };
}

function digestLongs(values: Values): ColumnDigest {
  let count = 0;
  let min: bigint | undefined;
  let max: bigint | undefined;
  let sum = 0n;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === null || value === undefined) continue;
    if (typeof value !== 'bigint') throw new TypeError(`a ${typeof value} where a bigint should be`);
    count += 1;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
    sum += value;
  }
  return { count, nulls: values.length - count, min, max, sum };
}

/** Digits of the sum are kept in two doubles, each exact up to 2^29 rows. */
const LOW = 2 ** 24;

function digestTexts(values: Values): ColumnDigest {
  let count = 0;
  let min: string | undefined;
  let max: string | undefined;
  let low = 0;
  let high = 0;
  let previous: string | undefined;
  let weight = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === null || value === undefined) continue;
    if (typeof value !== 'string') throw new TypeError(`a ${typeof value} where a text should be`);
    count += 1;
    // Sorted columns repeat themselves.
    if (value !== previous) {
      previous = value;
      weight = textWeight(value);
      if (min === undefined || compareTexts(value, min) < 0) min = value;
      if (max === undefined || compareTexts(value, max) > 0) max = value;
    }
    low += weight % LOW;
    high += Math.floor(weight / LOW);
  }
  const sum = BigInt(high) * BigInt(LOW) + BigInt(low);
  return { count, nulls: values.length - count, min, max, sum };
}

const EDGE = 6;

/** Length plus the first and the last six bytes as big-endian numbers: below 2^50. */
function textWeight(text: string): number {
  let head = 0;
  let tail = 0;
  const { length } = text;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return bytesWeight(Buffer.from(text));
    if (index < EDGE) head = head * 256 + code;
    if (index >= length - EDGE) tail = tail * 256 + code;
  }
  return length + head + tail;
}

function bytesWeight(bytes: Buffer): number {
  const edge = Math.min(EDGE, bytes.length);
  if (edge === 0) return 0;
  return bytes.length + bytes.readUIntBE(0, edge) + bytes.readUIntBE(bytes.length - edge, edge);
}

/** By code points, as SQL compares UTF-8; UTF-16 units agree below the surrogates. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return left < 0xd800 && right < 0xd800 ? left - right : compareKeys(a, b);
  }
  return a.length - b.length;
}

function compare(a: string | number | bigint, b: string | number | bigint): number {
  if (typeof a === 'string' || typeof b === 'string') return compareTexts(String(a), String(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
