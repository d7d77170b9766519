/** What `truth.json` says: how the data was made, and what a correct pipeline must find in it. */
import { EVENT_NAMES, type EventName } from '../events.ts';
import { DUPLICATES, type Duplicate, FAULTS, type Fault } from './event-batch.ts';
import type { DropRecord } from './landing-zone.ts';
import type { DayBook, Ledger, Note, ViewBook } from './ledger.ts';
import type { GeneratePlan } from './options.ts';
import { DWELL_MAX_S, DWELL_SIGMA, type Merchant } from './world.ts';
import { dayText } from './zones.ts';

/** Names are those of the tables' columns and of the data-quality checks, where they mean the same. Times are seconds. */
export interface Truth {
  readonly generator: 'flyerline-drops-1';
  /** Give these again and the same bytes come out. */
  readonly options: {
    readonly seed: number;
    readonly start: string;
    readonly days: number;
    readonly users?: number;
    readonly events?: number;
    readonly merchants: number;
    readonly format: string;
  };
  /** Dwell per view is log-normal with the merchant's median and this sigma, clipped at `dwell_max_s`. */
  readonly dwell: { readonly sigma: number; readonly dwell_max_s: number };
  readonly merchants: readonly MerchantParameters[];
  readonly bot: { readonly user_id: string };
  readonly totals: RowTruth;
  /** Local days in order; sessions over the last midnight add one day more than asked for. */
  readonly days: readonly DayTruth[];
  readonly drops: readonly DropRecord[];
}

export interface MerchantParameters {
  readonly merchant_id: string;
  readonly median_dwell_s: number;
  /** Relative popularity; the greatest is 1. */
  readonly weight: number;
}

/** Rows by what must become of them: rows_read = events_kept + rows_dropped_duplicate + the rejected ones. */
export interface RowTruth {
  readonly rows_read: number;
  readonly events_kept: number;
  readonly rows_dropped_duplicate: number;
  readonly rows_quarantined_bad_row: number;
  readonly rows_quarantined_no_user: number;
  readonly rows_quarantined_unknown_event: number;
  readonly rows_quarantined_skew_future: number;
  /** The same by how they came to be. */
  readonly rejected: Readonly<Record<Fault, number>>;
  readonly duplicates: Readonly<Record<Duplicate, number>>;
  /** Valid rows (duplicates included) by event name. */
  readonly events: Readonly<Record<EventName, number>>;
  /** Valid rows whose id is a spelled null, of rule R2; those left empty are not counted. */
  readonly null_spelling_flyer: number;
  readonly null_spelling_merchant: number;
  /** Valid rows with a flyer and no merchant. */
  readonly merchant_filled: number;
  /** Valid rows whose event name is in odd case or has blanks around it. */
  readonly untidy_events: number;
  /** Valid rows in the folder of a later date than their own local date. */
  readonly late: number;
  /** Valid rows whose instant is before that of the valid row above them in their drop. */
  readonly out_of_order: number;
}

export interface DayTruth extends RowTruth {
  readonly day: string;
  /** Everything that a reader of the events can know about the shoppers' views, the bot's left out. */
  readonly views: ViewTruth;
  readonly notes: Partial<Record<Note, number>>;
  readonly merchants: readonly (ViewTruth & { readonly merchant_id: string })[];
}

/** Views that started on a day. The first six are what the rules give exactly; the last five only the generator knows. */
export interface ViewTruth {
  readonly users: number;
  readonly measured_users: number;
  readonly views: number;
  readonly measured_views: number;
  readonly item_opens: number;
  /** Of measured views: whole views that ended with an event, and the observed part of the others. */
  readonly dwell_s: number;
  /** Views that ended with an event, their time, and their mean and median (of whole seconds). */
  readonly ended_views: number;
  readonly ended_dwell_s: number;
  readonly ended_mean_dwell_s: number | null;
  readonly ended_median_dwell_s: number | null;
  /** Mean of all views, to the end that nobody saw included. */
  readonly true_mean_dwell_s: number | null;
}

export interface TruthParts {
  readonly plan: GeneratePlan;
  readonly merchants: readonly Merchant[];
  readonly botUserId: string;
  readonly ledger: Ledger;
  readonly drops: readonly DropRecord[];
}

export function buildTruth({ plan, merchants, botUserId, ledger, drops }: TruthParts): Truth {
  const days = ledger.days
    .map((book, index) => dayTruth(book, dayText(plan.firstDay + index), merchants))
    .filter((day) => day.rows_read > 0);
  const { seed, users, events, format } = plan;
  return {
    generator: 'flyerline-drops-1',
    options: {
      seed,
      start: dayText(plan.firstDay),
      days: plan.days,
      ...(events === undefined ? { users } : { events }),
      merchants: merchants.length,
      format,
    },
    dwell: { sigma: DWELL_SIGMA, dwell_max_s: DWELL_MAX_S },
    merchants: merchants.map(({ id, medianDwellS, weight }) => ({
      merchant_id: `${id}`,
      median_dwell_s: medianDwellS,
      weight: Math.round(weight * 1e6) / 1e6,
    })),
    bot: { user_id: botUserId },
    totals: rowTruth(ledger.days),
    days,
    drops: [...drops].sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

function dayTruth(book: DayBook, day: string, merchants: readonly Merchant[]): DayTruth {
  return {
    day,
    ...rowTruth([book]),
    views: viewTruth(book.all),
    notes: book.notes,
    merchants: merchants
      .map(({ id }, m) => ({ merchant_id: `${id}`, ...viewTruth(book.merchants[m]!) }))
      .filter(({ views }) => views > 0),
  };
}

function rowTruth(books: readonly DayBook[]): RowTruth {
  const sum = (value: (book: DayBook) => number) => books.reduce((total, book) => total + value(book), 0);
  const byName = <Name extends string>(names: readonly string[], counts: (book: DayBook) => Float64Array) =>
    Object.fromEntries(
      names.flatMap((name, code) => (name === 'none' ? [] : [[name, sum((book) => counts(book)[code]!)]])),
    ) as Record<Name, number>;
  const events = byName<EventName>(EVENT_NAMES, (book) => book.events);
  const rejected = byName<Fault>(FAULTS, (book) => book.rejected);
  const duplicates = byName<Duplicate>(DUPLICATES, (book) => book.duplicates);
  const valid = total(events);
  return {
    rows_read: valid + total(rejected),
    events_kept: valid - total(duplicates),
    rows_dropped_duplicate: total(duplicates),
    rows_quarantined_bad_row: rejected.bad_timestamp + rejected.timestamp_without_offset + rejected.truncated,
    rows_quarantined_no_user: rejected.missing_user,
    rows_quarantined_unknown_event: rejected.unknown_event,
    rows_quarantined_skew_future: rejected.clock_ahead,
    rejected,
    duplicates,
    events,
    null_spelling_flyer: sum((book) => book.nullFlyers),
    null_spelling_merchant: sum((book) => book.nullMerchants),
    merchant_filled: sum((book) => book.merchantsToFill),
    untidy_events: sum((book) => book.untidyEvents),
    late: sum((book) => book.late),
    out_of_order: sum((book) => book.outOfOrder),
  };
}

function viewTruth(book: ViewBook): ViewTruth {
  return {
    users: book.users.count,
    measured_users: book.measuredUsers.count,
    views: book.views,
    measured_views: book.measuredViews,
    item_opens: book.itemOpens,
    dwell_s: book.measuredMs / 1000,
    ended_views: book.endedViews,
    ended_dwell_s: book.endedMs / 1000,
    ended_mean_dwell_s: mean(book.endedMs, book.endedViews),
    ended_median_dwell_s: book.medianS,
    true_mean_dwell_s: mean(book.livedMs, book.views),
  };
}

function mean(sumMs: number, count: number): number | null {
  return count === 0 ? null : Math.round((sumMs / count) * 1000) / 1e6;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
