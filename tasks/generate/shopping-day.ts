/** A shopper's day: whether the app is opened at all, how often, and when. */
import { cumulate, type Random } from './random.ts';
import { liveSession } from './session.ts';
import type { Shopper } from './shopper.ts';
import type { Shopping } from './shopping.ts';
import { HOUR_MS } from './zones.ts';

/** Sessions by hour of their start: breakfast, noon and the evening are busy, the small hours quiet. */
const HOUR_WEIGHTS = cumulate([
  0, 0.4, 0.5, 0.4, 0.5, 1, 3, 6, 8, 8, 8, 9, 10, 8, 7, 7, 8, 10, 12, 13, 13, 11, 8, 5,
]);
/** None starts before: what began before midnight has ended by then, so sessions of one shopper never touch. */
const EARLIEST_MS = 1.75 * HOUR_MS;
/** After a change of zone the clock may have jumped back by hours; sessions still must not touch. */
const EARLIEST_AFTER_TRAVEL_MS = 12 * HOUR_MS;
/** More than the inactivity timeout: what was open at the end of a session has timed out before the next. */
const SESSION_GAP_MS = 0.75 * HOUR_MS;
const SESSIONS_MAX = 6;
const OFFLINE_SHARE = 0.012;

/** Whether a shopper opens the app at all on a day: about every second does. */
export function opensApp(random: Random, shopper: Shopper): boolean {
  return random.chance(1 - Math.exp(-0.8 * shopper.activity));
}

/** @param justTravelled whether the day before was spent in another zone */
export function liveDay(shopping: Shopping, justTravelled: boolean): void {
  const { random, shopper, place, unitMs } = shopping;
  const count = Math.min(SESSIONS_MAX, 1 + random.poisson(0.7 * shopper.activity));
  const starts = Array.from(
    { length: count },
    () => random.pick(HOUR_WEIGHTS) * HOUR_MS + random.below(HOUR_MS),
  );
  starts.sort((a, b) => a - b);
  let freeMs = place.startMs + (justTravelled ? EARLIEST_AFTER_TRAVEL_MS : EARLIEST_MS);
  for (const start of starts) {
    const startMs = Math.ceil((place.startMs + start) / unitMs) * unitMs;
    if (startMs < freeMs || startMs >= place.endMs) continue;
    shopping.delayMs = random.chance(OFFLINE_SHARE)
      ? Math.floor(random.between(6 * HOUR_MS, 30 * HOUR_MS))
      : 0;
    freeMs = liveSession(shopping, startMs) + SESSION_GAP_MS;
  }
}
