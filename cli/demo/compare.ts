/** The pipeline's figures against the generator's truth: counts must be equal, means as near as censoring lets them. */
import type { Truth } from '../../tasks/generate-drops.ts';
import type { MeasuredDay, MeasuredMerchant } from './measured-day.ts';

export interface CountCheck {
  readonly day: string;
  readonly what: string;
  readonly expected: number;
  readonly found: number;
  readonly ok: boolean;
}

export interface MerchantComparison {
  readonly merchantId: string;
  readonly views: number;
  /** Mean over all views as they were lived, those whose end nobody saw included. */
  readonly trueMeanS: number;
  /** dwell_s ÷ measured_views of the pipeline. */
  readonly measuredMeanS: number;
}

export interface Comparison {
  readonly counts: readonly CountCheck[];
  /** Most viewed first; without merchants that k-anonymity hides on every day. */
  readonly merchants: readonly MerchantComparison[];
  /** Pearson's, over the merchants. */
  readonly correlation: number;
  /** Merchant-days shown, and how many of them equal the books in every figure. */
  readonly merchantDays: number;
  readonly merchantDaysExact: number;
  readonly merchantDaysHidden: number;
  /** Views whose end nobody saw ÷ views. */
  readonly censoredShare: number;
  readonly ok: boolean;
}

const FIGURES = ['users', 'measured_users', 'views', 'measured_views', 'item_opens', 'dwell_s'] as const;
type Figures = Readonly<Record<(typeof FIGURES)[number], number>>;

/** @param measured one entry per day that ran */
export function compareWithTruth(truth: Truth, measured: readonly MeasuredDay[]): Comparison {
  const truths = new Map(truth.days.map((day) => [day.day, day]));
  const days = measured.map((day) => ({ day, expected: truths.get(day.day)! }));
  const counts = days.flatMap(({ day, expected }) => countChecks(day, expected));
  const pairs = days.flatMap(({ day, expected }) => merchantPairs(day, expected));
  const shown = pairs.filter(({ found }) => found !== 'hidden') as Shown[];
  const exact = shown.filter(({ expected, found }) =>
    FIGURES.every((name) => isEqual(found[name], expected[name])),
  );
  const merchants = compareMerchants(shown);
  const ended = sum(days.map(({ expected }) => expected.views.ended_views));
  const views = sum(days.map(({ expected }) => expected.views.views));
  return {
    counts,
    merchants,
    correlation: correlation(merchants.map(({ trueMeanS, measuredMeanS }) => [trueMeanS, measuredMeanS])),
    merchantDays: shown.length,
    merchantDaysExact: exact.length,
    merchantDaysHidden: pairs.length - shown.length,
    censoredShare: views === 0 ? 0 : 1 - ended / views,
    ok: counts.every(({ ok }) => ok) && exact.length === shown.length,
  };
}

type DayTruth = Truth['days'][number];
type MerchantTruth = DayTruth['merchants'][number];

interface Pair {
  readonly expected: MerchantTruth;
  /** `hidden` by k-anonymity (rule R16). */
  readonly found: Figures | 'hidden';
}
type Shown = Pair & { readonly found: Figures };

function countChecks({ day, dq, shoppers, merchants }: MeasuredDay, expected: DayTruth): CountCheck[] {
  const check = (what: string, wanted: number, found: number): CountCheck => ({
    day,
    what,
    expected: wanted,
    found,
    ok: isEqual(found, wanted),
  });
  const dqCheck = (what: string, name: keyof DayTruth & string) =>
    check(what, expected[name] as number, dq[name] ?? 0);
  return [
    dqCheck('rows read', 'rows_read'),
    dqCheck('events kept', 'events_kept'),
    dqCheck('duplicates dropped', 'rows_dropped_duplicate'),
    dqCheck('rejected: bad row', 'rows_quarantined_bad_row'),
    dqCheck('rejected: no user', 'rows_quarantined_no_user'),
    dqCheck('rejected: unknown event', 'rows_quarantined_unknown_event'),
    dqCheck('rejected: clock ahead', 'rows_quarantined_skew_future'),
    check('merchants', expected.merchants.length, merchants.length),
    check('shoppers', expected.views.users, shoppers.users),
    check('views', expected.views.views, shoppers.views),
    check('seconds on flyers', expected.views.dwell_s, shoppers.dwell_s),
  ];
}

function merchantPairs({ merchants }: MeasuredDay, expected: DayTruth): Pair[] {
  const found = new Map(merchants.map((merchant) => [merchant.merchant_id, merchant]));
  return expected.merchants.map((merchant) => ({
    expected: merchant,
    found: figuresOf(found.get(merchant.merchant_id)),
  }));
}

/** A merchant that is missing is not hidden: it has zeros, and so differs. */
function figuresOf(merchant: MeasuredMerchant | undefined): Pair['found'] {
  if (merchant?.suppressed) return 'hidden';
  return Object.fromEntries(FIGURES.map((name) => [name, merchant?.[name] ?? 0])) as Figures;
}

function compareMerchants(shown: readonly Shown[]): MerchantComparison[] {
  return [...Map.groupBy(shown, ({ expected }) => expected.merchant_id)]
    .map(([merchantId, days]) => {
      const views = sum(days.map(({ expected }) => expected.views));
      const lived = sum(days.map(({ expected }) => (expected.true_mean_dwell_s ?? 0) * expected.views));
      const measuredViews = sum(days.map(({ found }) => found.measured_views));
      const dwell = sum(days.map(({ found }) => found.dwell_s));
      return { merchantId, views, trueMeanS: lived / views, measuredMeanS: dwell / measuredViews };
    })
    .sort((a, b) => b.views - a.views);
}

/** To the millisecond: sums of seconds are doubles. */
function isEqual(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.0005;
}

function correlation(points: readonly (readonly [number, number])[]): number {
  const meanX = sum(points.map(([x]) => x)) / points.length;
  const meanY = sum(points.map(([, y]) => y)) / points.length;
  const covariance = sum(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  const varianceX = sum(points.map(([x]) => (x - meanX) ** 2));
  const varianceY = sum(points.map(([, y]) => (y - meanY) ** 2));
  return covariance / Math.sqrt(varianceX * varianceY);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
