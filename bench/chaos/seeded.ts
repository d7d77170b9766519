/** Chance that can be played again: everything random in the chaos drill follows from a seed. */
import { createHash } from 'node:crypto';

export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [from, to]. */
  whole(from: number, to: number): number;
  /** One of these; the list must not be empty. */
  pick<T>(from: readonly T[]): T;
}

/** A stream of its own for each use, so that drawing more in one place changes nothing in another. */
export function chanceOf(seed: number, use: string): Chance {
  let drawn = 0;
  const next = () => {
    drawn += 1;
    return shareOf(seed, use, drawn);
  };
  return {
    next,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    pick: (from) => from[Math.floor(next() * from.length)]!,
  };
}

/** A number in [0, 1) that belongs to these words: the same in every process. */
export function shareOf(...words: readonly (string | number)[]): number {
  const hash = createHash('sha256').update(JSON.stringify(words)).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48;
}
