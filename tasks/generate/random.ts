/** Randomness that a seed replays: xoshiro128** (Blackman and Vigna), keyed through splitmix32, and the draws the generator needs. */

/**
 * A stream of random numbers named by its keys: the same keys give the same stream, on every machine.
 * Keys (seed, what for, which user, which day) make streams independent of the order in which they are read.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  constructor(...keys: readonly number[]) {
    this.rekey(...keys);
  }

  /** Restarts as the stream of other keys; one object serves millions of short streams. */
  rekey(...keys: readonly number[]): this {
    let state = 0x9e3779b9;
    for (const key of keys) state = scramble((state ^ key) + 0x9e3779b9);
    this.#a = scramble(state + 0x9e3779b9);
    this.#b = scramble(state + 0x3c6ef372);
    this.#c = scramble(state + 0xdaa66d2b);
    this.#d = scramble(state + 0x78dde6e4) | 1; // Not all zero: that state would stay.
    return this;
  }

  /** An integer, 0 ≤ n < 2³². */
  uint32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** Uniform, 0 ≤ x < 1. */
  uniform(): number {
    return this.uint32() * 2 ** -32;
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** An integer, 0 ≤ n < limit. */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  between(low: number, high: number): number {
    return low + this.uniform() * (high - low);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** By Knuth's product of uniforms: for small means. */
  poisson(mean: number): number {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.uniform(); product > limit; product *= this.uniform()) count++;
    return count;
  }

  /** An index of `cumulative` (see `cumulate`), with the probability of its weight. */
  pick(cumulative: Float64Array): number {
    const target = this.uniform() * cumulative[cumulative.length - 1]!;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** In place, by Fisher and Yates. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}

/** Running sums of weights, for `pick`. */
export function cumulate(weights: Iterable<number>): Float64Array {
  let sum = 0;
  return Float64Array.from(weights, (weight) => {
    sum += weight;
    return sum;
  });
}

/** The output function of splitmix32: every bit of the input changes half the bits of the result. */
function scramble(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}
