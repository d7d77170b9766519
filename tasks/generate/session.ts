/** A session: a shopper takes up the app, looks at some flyers one after the other, and puts it down. */
import { EVENT_CODE } from '../events.ts';
import type { Shopping } from './shopping.ts';
import { type Ending, type Flyer, viewFlyer } from './view.ts';

const MINUTE_MS = 60_000;
/** No view starts later in a session. With the longest view and a pause, a session ends within the hour. */
const LAST_START_MS = 35 * MINUTE_MS;
const VIEWS_MEAN = 3.5;
const VIEWS_MAX = 30;
/** After a silent end, longer than the inactivity timeout: a close that comes too late to tell anything (rule R8). */
const STRAY_CLOSE_AFTER_MS = 40 * MINUTE_MS;

/** Lives a session. Returns the instant of its last event, or of its end when that is later. */
export function liveSession(shopping: Shopping, startMs: number): number {
  const { random } = shopping;
  let nowMs = startMs;
  if (random.chance(0.5)) nowMs = idle(shopping, nowMs, EVENT_CODE.list_flyers);
  if (random.chance(0.12)) nowMs = idle(shopping, nowMs, EVENT_CODE.shopping_list_open);

  const viewsWanted = Math.min(VIEWS_MAX, 1 + Math.floor(random.exponential(VIEWS_MEAN)));
  let earlier: Flyer | undefined;
  let flyer = chooseFlyer(shopping);
  for (let seen = 1; ; seen++) {
    const next = chooseFlyer(shopping);
    // The flyer that is open already would go on, not be switched to (rule R6).
    const canSwitch = next.id !== flyer.id || next.merchant !== flyer.merchant;
    const { endMs, ending } = viewFlyer(shopping, {
      startMs: nowMs,
      flyer,
      earlier,
      chooseEnding: (atMs) => {
        const last = seen >= viewsWanted || atMs - startMs > LAST_START_MS;
        return chooseEnding(shopping, last, canSwitch);
      },
    });
    if (ending === 'silent') return leaveSilently(shopping, flyer, endMs);
    nowMs = ending === 'switch' ? endMs : pause(shopping, endMs);
    if (ending !== 'switch' && (seen >= viewsWanted || endMs - startMs > LAST_START_MS)) return endMs;
    earlier = flyer;
    flyer = next;
  }
}

function chooseEnding({ random, shopper, world }: Shopping, last: boolean, canSwitch: boolean): Ending {
  const choice = random.uniform();
  if (last && choice < 0.4) return 'silent';
  if (!last && canSwitch && choice < 0.5) return 'switch';
  if (shopper.sendsClose && random.chance(0.75)) return 'close';
  const leave = random.uniform();
  if (leave < 0.6) return 'list_flyers';
  if (leave < 0.86) return 'shopping_list_open';
  if (leave < 0.92 || world.merchants.length === 1) return 'checkout';
  if (leave < 0.95) return 'favorite_elsewhere';
  return leave < 0.98 ? 'item_elsewhere' : 'unknown_flyer';
}

function chooseFlyer({ random, flyers }: Shopping): Flyer {
  const index = random.pick(flyers.popularity);
  const partner = flyers.partners[index]!;
  const shared = partner >= 0;
  return {
    id: flyers.ids[index]!,
    merchant: shared && random.chance(0.3) ? partner : flyers.merchants[index]!,
    shared,
  };
}

/** Between two views: presence, and now and then an item opened from outside a flyer, which starts nothing. */
function pause(shopping: Shopping, fromMs: number): number {
  const { random, world } = shopping;
  const untilMs = wait(shopping, fromMs);
  if (!random.chance(0.03)) return untilMs;
  shopping.emit(untilMs, EVENT_CODE.item_open, 0, world.merchants[random.below(world.merchants.length)]!.id);
  shopping.ledger.note(shopping.dayOf(untilMs), 'item_open_no_flyer_outside_view');
  return wait(shopping, untilMs);
}

function idle(shopping: Shopping, atMs: number, event: number): number {
  shopping.emit(atMs, event, 0, 0);
  return wait(shopping, atMs);
}

function wait({ random, unitMs }: Shopping, fromMs: number): number {
  return fromMs + Math.max(1, Math.round((1000 + random.exponential(12_000)) / unitMs)) * unitMs;
}

function leaveSilently(shopping: Shopping, flyer: Flyer, endMs: number): number {
  const { random, shopper, world } = shopping;
  if (!shopper.sendsClose || !random.chance(0.05)) return endMs;
  const strayMs = endMs + STRAY_CLOSE_AFTER_MS;
  shopping.emit(strayMs, EVENT_CODE.flyer_close, flyer.id, world.merchants[flyer.merchant]!.id);
  shopping.ledger.note(shopping.dayOf(strayMs), 'flyer_close_unmatched');
  return strayMs;
}
