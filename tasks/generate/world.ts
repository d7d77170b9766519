/** The world that shoppers look at: merchants with a true dwell of their own, and the flyers of each week. */
import { cumulate, Random } from './random.ts';

export interface Merchant {
  readonly id: number;
  /** Relative popularity, Zipf: the most popular has 1. */
  readonly weight: number;
  readonly flyerCount: number;
  /** A view of this merchant's flyers lasts log-normally long: this median, seconds, and `DWELL_SIGMA`. */
  readonly medianDwellS: number;
}

/** The flyers valid in one week (Thursday to Wednesday, as flyers run); parallel arrays. */
export interface FlyerWeek {
  readonly ids: Int32Array;
  /** Index of the flyer's merchant. */
  readonly merchants: Int32Array;
  /** Index of a second merchant that is now and then written for the flyer (a known fault of the source), or -1. */
  readonly partners: Int32Array;
  /** For `Random.pick`: Zipf merchants times Zipf flyers. */
  readonly popularity: Float64Array;
}

export interface World {
  readonly merchants: readonly Merchant[];
  /** @param day Days since 1970-01-01, which was a Thursday. */
  flyersOn(day: number): FlyerWeek;
}

export const DWELL_SIGMA = 0.8;
/** Views are clipped to this: under the inactivity timeout, so that no view breaks in two. */
export const DWELL_MAX_S = 1200;

const MERCHANT_ZIPF = 0.9;
const FLYER_ZIPF = 1.1;
const SHORTEST_MEDIAN_S = 14;
const LONGEST_MEDIAN_S = 150;
const PARTNER_SHARE = 0.02;
/** A week's flyers have a block of ids of their own, 7 digits like the real ones; room for 5,700 flyers. */
const WEEK_BLOCK = 40_000;
const ID_STEP = 7;

export function createWorld(seed: number, merchantCount: number): World {
  const random = new Random(seed, 1);
  const merchants = createMerchants(random, merchantCount);
  let cached: { week: number; flyers: FlyerWeek } | undefined;
  return {
    merchants,
    flyersOn(day) {
      const week = Math.floor(day / 7);
      if (cached?.week !== week) cached = { week, flyers: createFlyers(seed, merchants, week) };
      return cached.flyers;
    },
  };
}

function createMerchants(random: Random, count: number): Merchant[] {
  // Medians are spread evenly on a log scale, then dealt out at random: popular merchants are not the dwelled-on ones.
  const medians = Array.from({ length: count }, (_, i) => {
    const share = count === 1 ? 0.5 : i / (count - 1);
    return Math.round(10 * SHORTEST_MEDIAN_S * (LONGEST_MEDIAN_S / SHORTEST_MEDIAN_S) ** share) / 10;
  });
  random.shuffle(medians);
  let id = 200;
  const ids = medians.map(() => {
    id += 1 + random.below(8);
    return id;
  });
  random.shuffle(ids);
  return medians.map((medianDwellS, i) => ({
    id: ids[i]!,
    weight: (i + 1) ** -MERCHANT_ZIPF,
    flyerCount: 1 + random.poisson(3),
    medianDwellS,
  }));
}

function createFlyers(seed: number, merchants: readonly Merchant[], week: number): FlyerWeek {
  const random = new Random(seed, 2, week);
  const owners = merchants.flatMap((merchant, m) =>
    Array.from({ length: merchant.flyerCount }, (_, f) => [m, f] as const),
  );
  const block = 1_000_000 + (week % 200) * WEEK_BLOCK;
  const slots = random.shuffle(owners.map((_, slot) => slot));
  return {
    ids: Int32Array.from(slots, (slot) => block + slot * ID_STEP + random.below(ID_STEP)),
    merchants: Int32Array.from(owners, ([m]) => m),
    partners: Int32Array.from(owners, ([m]) =>
      merchants.length > 1 && random.chance(PARTNER_SHARE)
        ? (m + 1 + random.below(merchants.length - 1)) % merchants.length
        : -1,
    ),
    popularity: cumulate(owners.map(([m, f]) => merchants[m]!.weight * (f + 1) ** -FLYER_ZIPF)),
  };
}
