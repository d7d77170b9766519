/** Where one user is: the rules of placement and presence (R6-R8) as a state machine over their ordered events. */
import { EVENT_CODE } from '../events.ts';
import type { ViewRules } from './view-rules.ts';

const { flyer_close: CLOSE, flyer_open: OPEN, item_open: ITEM, favorite: FAVORITE } = EVENT_CODE;

/**
 * A user's open view, if any. Numbers only, and changed in place: a batch reuses one for all its users, a
 * stream keeps one for each active user. Instants are ms from any one origin, ids are numbers, -1 = unknown.
 */
export interface UserView {
  open: boolean;
  /** Identity of the flyer: of flyer and merchant together (R3). */
  flyer: number;
  merchant: number;
  /** Code of the event that started it (R6). */
  origin: number;
  /** Local day of its start (R11). */
  day: number;
  startMs: number;
  /** The user's last event: while a view is open, each event of the user is in it or ends it. */
  lastMs: number;
  events: number;
  itemOpens: number;
  reopens: number;
  /** Longest silence between two events in the view. */
  maxGapMs: number;
}

export const END_REASONS = ['close', 'switch', 'leave', 'timeout', 'end_of_data'] as const;
export const END = { close: 0, switch: 1, leave: 2, timeout: 3, endOfData: 4 } as const;
export type End = (typeof END)[keyof typeof END];

/** What an event did. A view that timed out before it was reported by `ended`, not here. */
export const EFFECT = {
  none: 0,
  start: 1,
  switch: 2,
  stay: 3,
  item: 4,
  reopen: 5,
  leave: 6,
  close: 7,
  /** A close of another flyer than the open one: time goes on (R7). */
  ignored: 8,
} as const;
export type Effect = (typeof EFFECT)[keyof typeof EFFECT];

/** Called with the view as it was when it ended; `endMs` is the ending event's instant, meaningless when censored. */
export type ViewEnded = (view: UserView, end: End, endMs: number) => void;

export function createUserView(): UserView {
  return {
    open: false,
    flyer: -1,
    merchant: -1,
    origin: 0,
    day: 0,
    startMs: 0,
    lastMs: 0,
    events: 0,
    itemOpens: 0,
    reopens: 0,
    maxGapMs: 0,
  };
}

/** The user's next event, in the order of R5. */
export function advance(
  view: UserView,
  rules: ViewRules,
  ended: ViewEnded,
  code: number,
  instantMs: number,
  day: number,
  flyer: number,
  merchant: number,
): Effect {
  if (view.open && instantMs - view.lastMs > rules.timeoutMs) end(view, ended, END.timeout, 0);
  switch (code) {
    case OPEN:
      if (flyer >= 0) return place(view, ended, code, instantMs, day, flyer, merchant);
      return leave(view, ended, instantMs);
    case ITEM:
      if (flyer >= 0) return place(view, ended, code, instantMs, day, flyer, merchant);
      if (!view.open) return EFFECT.none;
      if (merchant < 0) return stay(view, instantMs, EFFECT.stay);
      if (merchant !== view.merchant) return leave(view, ended, instantMs);
      view.itemOpens += 1;
      return stay(view, instantMs, EFFECT.item);
    case FAVORITE:
      if (view.open && (merchant < 0 || merchant === view.merchant)) {
        return stay(view, instantMs, EFFECT.stay);
      }
      return leave(view, ended, instantMs);
    case CLOSE:
      if (!view.open) return EFFECT.none;
      if (flyer >= 0 && flyer !== view.flyer) return stay(view, instantMs, EFFECT.ignored);
      end(view, ended, END.close, instantMs);
      return EFFECT.close;
    default:
      return leave(view, ended, instantMs);
  }
}

/** The user has no more events: the view, if one is open, is censored (R9). `asOfMs`: the latest event of the run. */
export function endOfEvents(view: UserView, rules: ViewRules, ended: ViewEnded, asOfMs: number): void {
  if (!view.open) return;
  end(view, ended, asOfMs - view.lastMs <= rules.timeoutMs ? END.endOfData : END.timeout, 0);
}

/** R6: an open of a known flyer goes on with that flyer's view, or starts it. */
function place(
  view: UserView,
  ended: ViewEnded,
  code: number,
  instantMs: number,
  day: number,
  flyer: number,
  merchant: number,
): Effect {
  const isItem = code === ITEM;
  if (view.open && view.flyer === flyer) {
    if (isItem) view.itemOpens += 1;
    else view.reopens += 1;
    return stay(view, instantMs, isItem ? EFFECT.item : EFFECT.reopen);
  }
  const effect = view.open ? EFFECT.switch : EFFECT.start;
  if (view.open) end(view, ended, END.switch, instantMs);
  view.open = true;
  view.flyer = flyer;
  view.merchant = merchant;
  view.origin = code;
  view.day = day;
  view.startMs = instantMs;
  view.lastMs = instantMs;
  view.events = 1;
  view.itemOpens = isItem ? 1 : 0;
  view.reopens = 0;
  view.maxGapMs = 0;
  return effect;
}

function stay(view: UserView, instantMs: number, effect: Effect): Effect {
  const gapMs = instantMs - view.lastMs;
  if (gapMs > view.maxGapMs) view.maxGapMs = gapMs;
  view.lastMs = instantMs;
  view.events += 1;
  return effect;
}

function leave(view: UserView, ended: ViewEnded, instantMs: number): Effect {
  if (!view.open) return EFFECT.none;
  end(view, ended, END.leave, instantMs);
  return EFFECT.leave;
}

function end(view: UserView, ended: ViewEnded, reason: End, endMs: number): void {
  ended(view, reason, endMs);
  view.open = false;
}
