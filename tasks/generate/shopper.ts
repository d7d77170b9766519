/** Shoppers: where each lives, which app it uses, how keen it is; all a function of the seed and its number. */
import type { Producer } from './producers.ts';
import { cumulate, Random } from './random.ts';

export interface Shopper {
  readonly index: number;
  /** Index into the producers. */
  readonly producer: number;
  readonly sendsClose: boolean;
  /** Relative keenness, log-normal around 1. */
  readonly activity: number;
  readonly zone: string;
  /** Somewhere else for a few days; the others stay at home. */
  readonly trip: { readonly zone: string; readonly firstDay: number; readonly lastDay: number } | undefined;
}

/** Where shoppers live, with weights; the offsets of October are -02:30 to -07:00. */
const HOMES: readonly (readonly [zone: string, weight: number])[] = [
  ['America/Toronto', 56],
  ['America/Vancouver', 14],
  ['America/Edmonton', 12],
  ['America/Winnipeg', 9],
  ['America/Halifax', 6],
  ['America/St_Johns', 3],
];
const DESTINATIONS = ['Europe/London', 'America/Vancouver', 'America/Toronto', 'America/Halifax'];

export const ZONES: readonly string[] = [...new Set([...HOMES.map(([zone]) => zone), ...DESTINATIONS])];

const HOME_WEIGHTS = cumulate(HOMES.map(([, weight]) => weight));
const TRAVELLER_SHARE = 0.03;
/** A traveller leaves once in so many days, for 1 to 3 days. */
const TRIP_PERIOD_DAYS = 4;

/** @param day Days since 1970-01-01: the trip given is the one nearest to it. */
export function shopperAt(
  random: Random,
  seed: number,
  index: number,
  day: number,
  producers: readonly Producer[],
  producerShares: Float64Array,
): Shopper {
  random.rekey(seed, 3, index);
  const producer = random.pick(producerShares);
  const sendsClose = random.chance(producers[producer]!.closeShare);
  const activity = random.logNormal(1, 0.6);
  const zone = HOMES[random.pick(HOME_WEIGHTS)]![0];
  const travels = random.chance(TRAVELLER_SHARE);
  return {
    index,
    producer,
    sendsClose,
    activity,
    zone,
    trip: travels ? tripAround(random, zone, day) : undefined,
  };
}

/** The zone in which a shopper spends a local day. */
export function zoneOn(shopper: Shopper, day: number): string {
  const { trip } = shopper;
  return trip !== undefined && day >= trip.firstDay && day <= trip.lastDay ? trip.zone : shopper.zone;
}

function tripAround(random: Random, home: string, day: number): Shopper['trip'] {
  const away = DESTINATIONS[random.below(DESTINATIONS.length)]!;
  const phase = random.below(TRIP_PERIOD_DAYS);
  const length = 1 + random.below(TRIP_PERIOD_DAYS - 1);
  const firstDay = day - ((day + phase) % TRIP_PERIOD_DAYS);
  return away === home ? undefined : { zone: away, firstDay, lastDay: firstDay + length - 1 };
}

/** 64 hex digits: a shopper's for its index, the bot's for its own. */
export function userIdOf(seed: number, index: number): string {
  ids.rekey(seed, 4, index);
  // Joined, not added up: that string is flat, and ten times as fast to read character by character.
  return Array.from({ length: 16 }, () => FOUR_DIGITS[ids.below(0x1_0000)]).join('');
}

const ids = new Random();
const FOUR_DIGITS = Array.from({ length: 0x1_0000 }, (_, n) => n.toString(16).padStart(4, '0'));
