/** A user's day in facts (R14): views summed by flyer, then flyers by user. Grows as needed, reused user after user. */
import { invariant } from '../../infra/errors.ts';

/** A user × flyer × day. Filled in place; ms. */
export interface FlyerFact {
  flyer: number;
  views: number;
  measuredViews: number;
  bounceViews: number;
  itemOpens: number;
  firstOpenMs: number;
  /** -1: no measured view. */
  dwellMs: number;
}

/** A user × day. Filled in place; ms. */
export interface UserFact {
  flyers: number;
  measuredFlyers: number;
  views: number;
  measuredViews: number;
  itemOpens: number;
  /** -1: no measured view. */
  dwellMs: number;
  /** Of flyers with a measured view; -1: there is none. */
  medianFlyerMs: number;
}

/** Index of a view within its user; the flyer's number is above it in one sortable number, exact below 2^53. */
const VIEWS_MAX = 2 ** 24;

export class UserFacts {
  #views = 0;
  /** flyer × VIEWS_MAX + index of the view, so that one sort groups by flyer and keeps the views' order. */
  #keys = new Float64Array(64);
  #dwellMs = new Float64Array(64);
  #itemOpens = new Int32Array(64);
  #startMs = new Float64Array(64);
  #isBounce = new Uint8Array(64);
  #measuredFlyersMs = new Float64Array(64);
  readonly #fact: FlyerFact = {
    flyer: 0,
    views: 0,
    measuredViews: 0,
    bounceViews: 0,
    itemOpens: 0,
    firstOpenMs: 0,
    dwellMs: 0,
  };
  readonly #user: UserFact = {
    flyers: 0,
    measuredFlyers: 0,
    views: 0,
    measuredViews: 0,
    itemOpens: 0,
    dwellMs: 0,
    medianFlyerMs: 0,
  };

  /** Views come in the order of their starts. `dwellMs` is -1 when unmeasured. */
  addView(flyer: number, startMs: number, dwellMs: number, itemOpens: number, isBounce: boolean): void {
    const index = this.#views;
    if (index === this.#keys.length) this.#grow();
    this.#keys[index] = flyer * VIEWS_MAX + index;
    this.#dwellMs[index] = dwellMs;
    this.#itemOpens[index] = itemOpens;
    this.#startMs[index] = startMs;
    this.#isBounce[index] = isBounce ? 1 : 0;
    this.#views = index + 1;
  }

  /** Reports flyers in the order of their numbers, then the user; nothing for a user without views. */
  endOfUser(onFlyer: (fact: FlyerFact) => void, onUser: (fact: UserFact) => void): void {
    const count = this.#views;
    if (count === 0) return;
    this.#views = 0;
    const keys = this.#keys;
    sortFirst(keys, count);
    const user = this.#user;
    user.flyers = user.measuredFlyers = user.views = user.measuredViews = user.itemOpens = 0;
    user.dwellMs = -1;
    const fact = this.#fact;
    fact.flyer = -1;
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      const flyer = Math.floor(key / VIEWS_MAX);
      if (flyer !== fact.flyer) {
        if (i > 0) this.#endOfFlyer(onFlyer);
        fact.flyer = flyer;
        fact.views = fact.measuredViews = fact.bounceViews = fact.itemOpens = 0;
        fact.dwellMs = -1;
        fact.firstOpenMs = this.#startMs[key - flyer * VIEWS_MAX]!;
      }
      this.#sumView(key - flyer * VIEWS_MAX);
    }
    this.#endOfFlyer(onFlyer);
    user.medianFlyerMs = median(this.#measuredFlyersMs, user.measuredFlyers);
    onUser(user);
  }

  #sumView(index: number): void {
    const fact = this.#fact;
    fact.views += 1;
    fact.itemOpens += this.#itemOpens[index]!;
    const dwellMs = this.#dwellMs[index]!;
    if (dwellMs < 0) return;
    fact.measuredViews += 1;
    fact.bounceViews += this.#isBounce[index]!;
    fact.dwellMs = Math.max(fact.dwellMs, 0) + dwellMs;
  }

  #endOfFlyer(onFlyer: (fact: FlyerFact) => void): void {
    const fact = this.#fact;
    const user = this.#user;
    user.flyers += 1;
    user.views += fact.views;
    user.measuredViews += fact.measuredViews;
    user.itemOpens += fact.itemOpens;
    if (fact.dwellMs >= 0) {
      this.#measuredFlyersMs[user.measuredFlyers] = fact.dwellMs;
      user.measuredFlyers += 1;
      user.dwellMs = Math.max(user.dwellMs, 0) + fact.dwellMs;
    }
    onFlyer(fact);
  }

  #grow(): void {
    const capacity = this.#keys.length * 2;
    invariant(capacity <= VIEWS_MAX, 'a user has more than 16 million views in a day');
    this.#keys = grown(this.#keys, new Float64Array(capacity));
    this.#dwellMs = grown(this.#dwellMs, new Float64Array(capacity));
    this.#itemOpens = grown(this.#itemOpens, new Int32Array(capacity));
    this.#startMs = grown(this.#startMs, new Float64Array(capacity));
    this.#isBounce = grown(this.#isBounce, new Uint8Array(capacity));
    this.#measuredFlyersMs = new Float64Array(capacity);
  }
}

function grown<A extends Float64Array | Int32Array | Uint8Array>(from: A, into: A): A {
  into.set(from);
  return into;
}

/** R15 at 0.5: the middle value, or the mean of the two in the middle. Sorts the first `count` values. */
function median(values: Float64Array, count: number): number {
  if (count === 0) return -1;
  sortFirst(values, count);
  const middle = (count - 1) >> 1;
  return count % 2 === 1 ? values[middle]! : (values[middle]! + values[middle + 1]!) / 2;
}

/** Most users have a few views: to insert them one by one takes less time than to call the library's sort. */
const INSERTED_MAX = 32;

function sortFirst(values: Float64Array, count: number): void {
  if (count > INSERTED_MAX) {
    values.subarray(0, count).sort();
    return;
  }
  for (let end = 1; end < count; end += 1) {
    const value = values[end]!;
    let at = end;
    for (; at > 0 && values[at - 1]! > value; at -= 1) values[at] = values[at - 1]!;
    values[at] = value;
  }
}
