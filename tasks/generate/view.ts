/** One view of a flyer: what the shopper does in it, how it ends, and which events tell of it. */
import { EVENT_CODE } from '../events.ts';
import type { Shopping } from './shopping.ts';
import { DWELL_MAX_S, DWELL_SIGMA } from './world.ts';

/** A flyer as it is looked at: the merchant may be the one wrongly written for it. */
export interface Flyer {
  readonly id: number;
  /** Index of the merchant. */
  readonly merchant: number;
  /** Whether its id is seen with two merchants, so that a missing merchant cannot be filled in (rule R3). */
  readonly shared: boolean;
}

export type Ending =
  | 'silent'
  | 'switch'
  | 'close'
  | 'list_flyers'
  | 'shopping_list_open'
  | 'checkout'
  | 'favorite_elsewhere'
  | 'item_elsewhere'
  | 'unknown_flyer';

/** Mean time between two events inside a view. */
const INNER_GAP_S = 70;
const INNER_EVENTS_MAX = 20;

export interface ViewRequest {
  readonly startMs: number;
  readonly flyer: Flyer;
  /** Seen before in the session, for a stray close. */
  readonly earlier: Flyer | undefined;
  readonly chooseEnding: (endMs: number) => Ending;
}

/** Lives one view. Returns when and how it ended; a `switch` leaves the ending event to the next view. */
export function viewFlyer(
  shopping: Shopping,
  request: ViewRequest,
): { readonly endMs: number; readonly ending: Ending } {
  const { random, unitMs, world, ledger } = shopping;
  const { startMs, flyer } = request;
  const merchant = world.merchants[flyer.merchant]!;
  const dwellS = Math.min(DWELL_MAX_S, random.logNormal(merchant.medianDwellS, DWELL_SIGMA));
  const dwellMs = Math.max(1, Math.round((dwellS * 1000) / unitMs)) * unitMs;
  const endMs = startMs + dwellMs;

  const linked = random.chance(0.04); // Opened through a link to an item: there is no flyer_open.
  shopping.emit(startMs, linked ? EVENT_CODE.item_open : EVENT_CODE.flyer_open, flyer.id, merchant.id);
  let itemOpens = linked ? 1 : 0;
  let lastMs = startMs;
  for (let i = 0; i < INNER_EVENTS_MAX; i++) {
    const atMs = lastMs + Math.max(1, Math.round(random.exponential(INNER_GAP_S * 1000) / unitMs)) * unitMs;
    if (atMs >= endMs) break;
    if (actInside(shopping, request, atMs)) itemOpens++;
    lastMs = atMs;
  }

  const ending = request.chooseEnding(endMs);
  end(shopping, flyer, endMs, ending);
  ledger.view({
    day: shopping.dayOf(startMs),
    merchant: flyer.merchant,
    dwellMs,
    ended: ending !== 'silent',
    observedMs: lastMs - startMs,
    itemOpens,
  });
  return { endMs, ending };
}

/** One event that keeps the view open (rules R6, R7). Returns whether it counts as an item opened. */
function actInside(shopping: Shopping, { startMs, flyer, earlier }: ViewRequest, atMs: number): boolean {
  const { random, world, shopper } = shopping;
  const merchantId = world.merchants[flyer.merchant]!.id;
  const what = random.uniform();
  if (what < 0.05) {
    shopping.emit(atMs, EVENT_CODE.flyer_open, flyer.id, merchantId);
    return false;
  }
  if (what < 0.14) {
    shopping.emit(atMs, EVENT_CODE.favorite, 0, random.chance(0.9) ? merchantId : 0);
    return false;
  }
  if (what < 0.19) {
    const merchantKnown = random.chance(0.7);
    shopping.emit(atMs, EVENT_CODE.item_open, 0, merchantKnown ? merchantId : 0);
    shopping.ledger.note(shopping.dayOf(atMs), 'item_open_no_flyer_kept_in_view');
    return merchantKnown;
  }
  if (what < 0.21 && !flyer.shared && shopping.dayOf(atMs) === shopping.dayOf(startMs)) {
    shopping.emit(atMs, EVENT_CODE.item_open, flyer.id, 0); // The day's other events name the merchant (rule R3).
    return true;
  }
  if (what < 0.22 && shopper.sendsClose && earlier !== undefined && earlier.id !== flyer.id) {
    shopping.emit(atMs, EVENT_CODE.flyer_close, earlier.id, world.merchants[earlier.merchant]!.id);
    shopping.ledger.note(shopping.dayOf(atMs), 'flyer_close_unmatched');
    return false;
  }
  shopping.emit(atMs, EVENT_CODE.item_open, flyer.id, merchantId);
  return true;
}

function end(shopping: Shopping, flyer: Flyer, atMs: number, ending: Ending): void {
  const { random, world } = shopping;
  const { merchants } = world;
  const elsewhere = () =>
    merchants[(flyer.merchant + 1 + random.below(merchants.length - 1)) % merchants.length]!.id;
  switch (ending) {
    case 'silent':
    case 'switch':
      return;
    case 'close': {
      const named = random.chance(0.9);
      shopping.emit(
        atMs,
        EVENT_CODE.flyer_close,
        named ? flyer.id : 0,
        named ? merchants[flyer.merchant]!.id : 0,
      );
      if (random.chance(0.3)) shopping.emit(atMs, EVENT_CODE.list_flyers, 0, 0); // A tie: the close ranks first (R5).
      return;
    }
    case 'favorite_elsewhere':
      shopping.emit(atMs, EVENT_CODE.favorite, 0, elsewhere());
      return;
    case 'item_elsewhere':
      shopping.ledger.note(shopping.dayOf(atMs), 'item_open_no_flyer_ended_view');
      shopping.emit(atMs, EVENT_CODE.item_open, 0, elsewhere());
      return;
    case 'unknown_flyer':
      shopping.emit(atMs, EVENT_CODE.flyer_open, 0, elsewhere());
      return;
    default:
      shopping.emit(atMs, EVENT_CODE[ending], 0, 0);
      return;
  }
}
