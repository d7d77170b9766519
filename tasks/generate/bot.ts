/** The bot: one user who opens flyers faster than anybody can, and so is suspect by rule R13. */
import { EVENT_CODE } from '../events.ts';
import type { Producer } from './producers.ts';
import type { Shopper } from './shopper.ts';
import type { Shopping } from './shopping.ts';
import { HOUR_MS } from './zones.ts';

const BURSTS_PER_DAY = 9;
/** A flyer and one of its items, every second: 90 events in a clock minute where 60 are suspect, 810 a day where 500 are. */
const SECONDS_PER_BURST = 45;

/** Its index is no shopper's. */
const BOT_INDEX = 0xffff_ffff;

export function createBot(producers: readonly Producer[]): Shopper {
  return {
    index: BOT_INDEX,
    producer: Math.max(
      0,
      producers.findIndex((producer) => producer.name === 'web'),
    ),
    sendsClose: false,
    activity: 1,
    zone: 'America/Toronto',
    trip: undefined,
  };
}

/** Its views are in no book: merchants never see them. */
export function runBot(shopping: Shopping): void {
  const { random, place, flyers, world } = shopping;
  for (let burst = 0; burst < BURSTS_PER_DAY; burst++) {
    const startMs = place.startMs + (3 + 2 * burst) * HOUR_MS + random.below(60) * 60_000;
    for (let second = 0; second < SECONDS_PER_BURST; second++) {
      const index = random.below(flyers.ids.length);
      const merchant = world.merchants[flyers.merchants[index]!]!.id;
      const atMs = startMs + second * 1000;
      shopping.emit(atMs, EVENT_CODE.flyer_open, flyers.ids[index]!, merchant);
      shopping.emit(atMs, EVENT_CODE.item_open, flyers.ids[index]!, merchant);
    }
  }
}
