/** The generator's books: everything it writes is counted here, so that the pipeline's figures can be checked exactly. */
import { EVENT_NAMES } from '../events.ts';
import { DUPLICATES, FAULTS } from './event-batch.ts';
import { DWELL_MAX_S } from './world.ts';

/** Counters of the data-quality table that follow from what shoppers did, not from dirt. */
export type Note =
  | 'flyer_close_unmatched'
  | 'item_open_no_flyer_kept_in_view'
  | 'item_open_no_flyer_ended_view'
  | 'item_open_no_flyer_outside_view';

/** A view as it was lived, and as much of it as the events tell. */
export interface LivedView {
  /** Of its start; index, 0 = first day. */
  readonly day: number;
  /** Index. */
  readonly merchant: number;
  /** How long the shopper really looked. */
  readonly dwellMs: number;
  /** Whether an event marks its end; else no reader of the events can know it (the view is censored). */
  readonly ended: boolean;
  /** From its start to the last event inside it. */
  readonly observedMs: number;
  readonly itemOpens: number;
}

export class Ledger {
  /** By index; more days than asked for, because sessions go on over the last midnight and drops arrive later still. */
  readonly days: readonly DayBook[];
  #day = 0;
  #user = -1;

  constructor(dayCount: number, merchantCount: number) {
    this.days = Array.from({ length: dayCount + 3 }, () => new DayBook(merchantCount));
  }

  /** What follows is this shopper's day; days come one after the other. */
  turnTo(day: number, user: number): void {
    if (day !== this.#day) this.days[this.#day]!.settle();
    this.#day = day;
    this.#user = user;
  }

  /** After the last shopper. */
  close(): void {
    for (const day of this.days) day.settle();
  }

  view(view: LivedView): void {
    const day = this.days[view.day]!;
    const beforeItsDay = view.day !== this.#day;
    day.merchants[view.merchant]!.add(view, this.#user, beforeItsDay);
    day.all.add(view, this.#user, beforeItsDay);
  }

  note(day: number, note: Note): void {
    const { notes } = this.days[day]!;
    notes[note] = (notes[note] ?? 0) + 1;
  }
}

/** Of one local day. Rows are counted as they are written. */
export class DayBook {
  /** By event code, by fault code, by code of duplicate. */
  readonly events = new Float64Array(EVENT_NAMES.length);
  readonly rejected = new Float64Array(FAULTS.length);
  readonly duplicates = new Float64Array(DUPLICATES.length);
  readonly notes: Partial<Record<Note, number>> = {};
  nullFlyers = 0;
  nullMerchants = 0;
  merchantsToFill = 0;
  untidyEvents = 0;
  late = 0;
  outOfOrder = 0;
  readonly merchants: readonly ViewBook[];
  /** All merchants together. */
  readonly all = new ViewBook();

  constructor(merchantCount: number) {
    this.merchants = Array.from({ length: merchantCount }, () => new ViewBook());
  }

  settle(): void {
    this.all.settle();
    for (const book of this.merchants) book.settle();
  }
}

/** Views of one day, of one merchant or of all. */
export class ViewBook {
  readonly users = new DistinctUsers();
  readonly measuredUsers = new DistinctUsers();
  views = 0;
  measuredViews = 0;
  endedViews = 0;
  itemOpens = 0;
  livedMs = 0;
  measuredMs = 0;
  endedMs = 0;
  /** Of ended views; known once the day is settled. */
  medianS: number | null = null;
  /** Ended views by whole seconds of dwell: bounded memory, however many views. */
  #histogram: Uint32Array | undefined;

  add(view: LivedView, user: number, beforeItsDay: boolean): void {
    this.users.see(user, beforeItsDay);
    this.views++;
    this.itemOpens += view.itemOpens;
    this.livedMs += view.dwellMs;
    if (!view.ended && view.observedMs === 0) return;
    this.measuredUsers.see(user, beforeItsDay);
    this.measuredViews++;
    this.measuredMs += view.ended ? view.dwellMs : view.observedMs;
    if (!view.ended) return;
    this.endedViews++;
    this.endedMs += view.dwellMs;
    this.#histogram ??= new Uint32Array(DWELL_MAX_S + 1);
    this.#histogram[Math.round(view.dwellMs / 1000)]!++;
  }

  settle(): void {
    if (this.#histogram === undefined) return;
    const half = this.endedViews / 2;
    let seen = 0;
    this.medianS = this.#histogram.findIndex((count) => {
      seen += count;
      return seen >= half;
    });
    this.#histogram = undefined;
  }
}

/**
 * Counts different users without remembering them all. A day's shoppers come one after the other, so the last one is
 * enough; only those seen before their day's turn, in a session over midnight, are remembered.
 */
class DistinctUsers {
  count = 0;
  #last = -1;
  readonly #early = new Set<number>();

  see(user: number, early: boolean): void {
    if (early ? this.#early.has(user) : this.#last === user) return;
    if (early) this.#early.add(user);
    else this.#last = user;
    if (early || !this.#early.has(user)) this.count++;
  }
}
