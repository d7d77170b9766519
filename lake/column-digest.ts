/**
 * A digest of a column's values: counts, bounds and a sum, the same whether SQL or this code computes it, and the same in
 * any order of rows. Two readers that agree on it have read the same values.
 */
import type { ColumnType } from './table-schema.ts';

export interface ColumnDigest {
  /** Values that are not NULL. */
  readonly count: number;
  /** Dates as days since 1970-01-01, booleans as 0 and 1; undefined when there is no value. Texts by code point. */
  readonly min: string | number | bigint | undefined;
  readonly max: string | number | bigint | undefined;
  /**
   * Of numbers: their sum. Of dates: of days. Of booleans: how many are true. Of texts: of their lengths in UTF-8 and of
   * some of their code points, weighted, which a wrong or shifted text changes though bounds and count stay.
   */
  readonly sum: number | bigint;
}

/** Physical values as a Parquet page or dictionary holds them: dates as days, texts as UTF-8 bytes. */
export type PhysicalValues =
  | ArrayLike<number>
  | ArrayLike<bigint>
  | ArrayLike<boolean>
  | ArrayLike<Uint8Array>;

/** Collects a column part by part. Throws TypeError for a value of another type than the column's. */
export interface DigestBuilder {
  /** `counts`: how often each value occurs, for a dictionary; once each without it. */
  add(values: PhysicalValues, counts?: Uint32Array): void;
  digest(): ColumnDigest;
}

export function createDigest(type: ColumnType): DigestBuilder {
  if (type === 'string') return textDigest();
  if (type === 'long') return longDigest();
  return numberDigest(type === 'boolean' ? 'boolean' : 'number');
}

function numberDigest(type: 'number' | 'boolean'): DigestBuilder {
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  // Neumaier's sum: the error does not grow with the number of rows, so that one wrong value in millions shows.
  let sum = 0;
  let lost = 0;
  return {
    add(values, counts) {
      for (let index = 0; index < values.length; index += 1) {
        const times = counts === undefined ? 1 : counts[index]!;
        if (times === 0) continue;
        const found = values[index];
        const isRight = type === 'number' ? typeof found === 'number' : typeof found === 'boolean';
        if (!isRight) throw wrongType(found, type);
        const value = Number(found);
        count += times;
        if (value < min) min = value;
        if (value > max) max = value;
        const term = value * times;
        const next = sum + term;
        lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
        sum = next;
      }
    },
    digest: () => ({
      count,
      min: count === 0 ? undefined : min,
      max: count === 0 ? undefined : max,
      sum: sum + lost,
    }),
  };
}

function longDigest(): DigestBuilder {
  let count = 0;
  let min: bigint | undefined;
  let max: bigint | undefined;
  let sum = 0n;
  return {
    add(values, counts) {
      for (let index = 0; index < values.length; index += 1) {
        const times = counts === undefined ? 1 : counts[index]!;
        if (times === 0) continue;
        const value = values[index];
        if (typeof value !== 'bigint') throw wrongType(value, 'bigint');
        count += times;
        if (min === undefined || value < min) min = value;
        if (max === undefined || value > max) max = value;
        sum += times === 1 ? value : value * BigInt(times);
      }
    },
    digest: () => ({ count, min, max, sum }),
  };
}

/** The sum is kept as two doubles, each exact up to 2^29 values. */
const LOW = 2 ** 24;

function textDigest(): DigestBuilder {
  let count = 0;
  let min: Uint8Array | undefined;
  let max: Uint8Array | undefined;
  let low = 0;
  let high = 0;
  return {
    add(values, counts) {
      for (let index = 0; index < values.length; index += 1) {
        const times = counts === undefined ? 1 : counts[index]!;
        if (times === 0) continue;
        const value = values[index];
        if (!(value instanceof Uint8Array)) throw wrongType(value, 'text');
        count += times;
        const weight = weightOf(value);
        low += (weight % LOW) * times;
        high += Math.floor(weight / LOW) * times;
        if (min === undefined || compareBytes(value, min) < 0) min = value;
        if (max === undefined || compareBytes(value, max) > 0) max = value;
      }
    },
    digest: () => ({
      count,
      min: min && Buffer.from(min).toString(),
      max: max && Buffer.from(max).toString(),
      sum: BigInt(high) * BigInt(LOW) + BigInt(low),
    }),
  };
}

/** Of code points of a text: its first one, and those at places counted from its end. Primes, so that a swap shows. */
export const POINT_WEIGHTS = {
  first: 1009,
  fromEnd: [
    [1, 1013],
    [2, 1019],
    [3, 1021],
    [8, 1031],
  ],
} as const;

/** Bytes, plus some weighted code points: below 2^33 for any text of less than 2^32 bytes. */
function weightOf(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  let weight = bytes.length + POINT_WEIGHTS.first * codePointAt(bytes, 0);
  let index = bytes.length;
  let place = 0;
  for (const [wanted, factor] of POINT_WEIGHTS.fromEnd) {
    // A text that is shorter is asked for its first code point, as `right` does.
    while (place < wanted && index > 0) {
      index -= 1;
      if (!isContinuation(bytes[index]!)) place += 1;
    }
    weight += factor * codePointAt(bytes, index);
  }
  return weight;
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Of valid UTF-8 where a character starts; some number of anything else. */
function codePointAt(bytes: Uint8Array, index: number): number {
  const lead = bytes[index]!;
  if (lead < 0x80) return lead;
  const more = (offset: number) => (bytes[index + offset] ?? 0) & 0x3f;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | more(1);
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (more(1) << 6) | more(2);
  return ((lead & 0x07) << 18) | (more(1) << 12) | (more(2) << 6) | more(3);
}

/** The order of UTF-8 is that of code points. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function wrongType(found: unknown, wanted: string): TypeError {
  return new TypeError(`a ${typeof found} where a ${wanted} should be`);
}
