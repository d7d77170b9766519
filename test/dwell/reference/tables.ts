/** The definition read aloud: a day's tables from its views (R13-R16). Slow and obvious. */
import { type MetricParams, metricParamsSchema } from '../../../tasks/metric-params.ts';
import type { Row } from '../../support/compute-days.ts';
import type { RawRow } from '../../support/stage-events.ts';
import { horizonOf } from './events.ts';
import { type ReferenceView, viewsOf } from './views.ts';

export interface ReferenceTables {
  readonly flyer_views: Row[];
  readonly user_flyer_day: Row[];
  readonly user_day: Row[];
  readonly merchant_metrics: Row[];
  readonly flyer_day: Row[];
  readonly dq: Readonly<Record<string, number>>;
}

/** Rows in the order of the tables' keys; `status` is left out: it depends on when it is asked. */
export function referenceTables(
  day: string,
  rows: readonly RawRow[],
  given: Partial<MetricParams>,
): ReferenceTables {
  const params = metricParamsSchema.parse(given);
  const horizon = horizonOf(day, rows, params);
  const { views, dq } = viewsOf(day, horizon, params);
  const suspect = (user: string) => (horizon.suspects.has(user) ? 1 : 0);
  const facts = [...groupBy(views, (view) => key(view.user, view.merchant, view.flyer)).values()].map(
    (own) => {
      const [{ user, merchant, flyer, startMs }] = own as [ReferenceView];
      return {
        user_id: user,
        day,
        merchant_id: nullable(merchant),
        flyer_id: flyer,
        ...sums(own, params),
        first_open_ts: startMs / 1000,
        dwell_s: dwellOf(own),
        suspect: suspect(user),
      };
    },
  );
  const shown = views.filter((view) => view.merchant !== '' && suspect(view.user) === 0);
  const favorites = horizon.events.filter(
    (event) =>
      event.day === day && event.event === 'favorite' && event.merchant !== '' && suspect(event.user) === 0,
  );
  const merchants = [...groupBy(shown, (view) => view.merchant)].map(([merchant, own]) => ({
    key: { merchant_id: merchant },
    flyers: new Set(own.map((view) => view.flyer)).size,
    metrics: metricsOf(own, favorites.filter((event) => event.merchant === merchant).length, params),
  }));
  const flyers = [...groupBy(shown, (view) => key(view.merchant, view.flyer)).values()].map((own) => {
    const [{ merchant, flyer }] = own as [ReferenceView];
    const ofFlyer = favorites.filter((event) => event.merchant === merchant && event.flyer === flyer);
    return {
      key: { merchant_id: merchant, flyer_id: flyer },
      metrics: metricsOf(own, ofFlyer.length, params),
    };
  });
  const k = params.k_min_users;
  return {
    dq: { ...horizon.dq, ...dq },
    flyer_views: [...groupBy(views, (view) => view.user).values()].flatMap((own) =>
      own.map((view, index) => viewRow(view, index + 1, day, suspect(view.user))),
    ),
    user_flyer_day: sorted(facts, ['user_id', 'merchant_id', 'flyer_id']),
    user_day: [...groupBy(views, (view) => view.user)].map(([user, own]) => {
      const { bounce_views: _, ...counts } = sums(own, params);
      const dwells = facts
        .filter((fact) => fact.user_id === user && fact.dwell_s !== null)
        .map((fact) => fact.dwell_s!);
      const dwell = dwellOf(own);
      return {
        user_id: user,
        day,
        flyers: facts.filter((fact) => fact.user_id === user).length,
        measured_flyers: dwells.length,
        ...counts,
        dwell_s: dwell,
        avg_time_on_flyer_s: ratio(dwell, dwells.length),
        avg_time_per_view_s: ratio(dwell, counts.measured_views),
        median_time_on_flyer_s: quantile(dwells, 0.5),
        suspect: suspect(user),
      };
    }),
    merchant_metrics: sorted(
      merchants.map(({ key, flyers, metrics }) => {
        const isHidden = metrics.measured_users < k;
        return { day, ...key, flyers: isHidden ? null : flyers, ...hide(metrics, isHidden, few(metrics, k)) };
      }),
      ['merchant_id'],
    ),
    flyer_day: sorted(
      [...groupBy(flyers, (flyer) => flyer.key.merchant_id).values()].flatMap((own) =>
        flyerRows(own, day, k),
      ),
      ['merchant_id', 'flyer_id'],
    ),
  };
}

type Metrics = ReturnType<typeof metricsOf>;
interface FlyerMetrics {
  readonly key: { readonly merchant_id: string; readonly flyer_id: string };
  readonly metrics: Metrics;
}

/** R16 for the flyers of one merchant, and the rank of those that are shown. */
function flyerRows(flyers: readonly FlyerMetrics[], day: string, k: number): Row[] {
  const smallestFirst = [...flyers].sort(
    (a, b) =>
      a.metrics.measured_users - b.metrics.measured_users ||
      (a.metrics.dwell_s ?? 0) - (b.metrics.dwell_s ?? 0) ||
      byText(a.key.flyer_id, b.key.flyer_id),
  );
  const hidden = new Set(smallestFirst.filter(({ metrics }) => metrics.measured_users < k));
  if (hidden.size === 1 && smallestFirst[1]) hidden.add(smallestFirst[1]);
  const fewFavorites = new Set(flyers.filter((flyer) => few(flyer.metrics, k)));
  const unseen = flyers.filter(
    (flyer) => flyer.metrics.favorites > 0 && (hidden.has(flyer) || fewFavorites.has(flyer)),
  );
  const seen = flyers.filter((flyer) => flyer.metrics.favorites > 0 && !unseen.includes(flyer));
  const fewest = seen.sort(
    (a, b) => a.metrics.favorites - b.metrics.favorites || byText(a.key.flyer_id, b.key.flyer_id),
  )[0];
  if (unseen.length === 1 && fewest) fewFavorites.add(fewest);
  const ranked = flyers
    .filter((flyer) => !hidden.has(flyer))
    .sort(
      (a, b) =>
        b.metrics.dwell_s! - a.metrics.dwell_s! ||
        b.metrics.users - a.metrics.users ||
        byText(a.key.flyer_id, b.key.flyer_id),
    );
  return flyers.map((flyer) => ({
    day,
    ...flyer.key,
    ...hide(flyer.metrics, hidden.has(flyer), fewFavorites.has(flyer)),
    rank: hidden.has(flyer) ? null : ranked.indexOf(flyer) + 1,
  }));
}

const few = (metrics: Metrics, k: number): boolean => metrics.favorites > 0 && metrics.favorites < k;

function hide(metrics: Metrics, isHidden: boolean, hidesFavorites: boolean): Row {
  const blank = Object.fromEntries(Object.keys(metrics).map((name) => [name, null]));
  if (isHidden) return { ...blank, suppressed: 1 };
  return { ...metrics, ...(hidesFavorites && { favorites: null }), suppressed: 0 };
}

function metricsOf(views: readonly ReferenceView[], favorites: number, params: MetricParams) {
  const { bounce_views, item_opens, measured_views } = sums(views, params);
  const perUser = [...groupBy(views, (view) => view.user).values()]
    .map(dwellOf)
    .filter((dwell) => dwell !== null);
  const perView = views.filter((view) => view.dwellMs !== null).map((view) => view.dwellMs! / 1000);
  const dwell = dwellOf(views);
  const longGapsMs = views
    .filter((view) => view.dwellMs !== null && view.maxGapMs > params.long_gap_s * 1000)
    .map((view) => Math.min(view.maxGapMs, view.dwellMs!));
  return {
    users: new Set(views.map((view) => view.user)).size,
    measured_users: perUser.length,
    views: views.length,
    measured_views,
    unmeasured_share: (views.length - measured_views) / views.length,
    partial_share: views.filter((view) => view.tailMs === null && view.observedMs > 0).length / views.length,
    dwell_s: dwell,
    avg_dwell_per_user_s: ratio(dwell, perUser.length),
    median_dwell_per_user_s: quantile(perUser, 0.5),
    p90_dwell_per_user_s: quantile(perUser, 0.9),
    avg_dwell_per_view_s: ratio(dwell, measured_views),
    median_dwell_per_view_s: quantile(perView, 0.5),
    p90_dwell_per_view_s: quantile(perView, 0.9),
    bounce_views,
    bounce_share: ratio(bounce_views, measured_views),
    item_opens,
    item_opens_per_view: item_opens / views.length,
    long_gap_share: dwell ? sum(longGapsMs) / 1000 / dwell : null,
    favorites,
  };
}

function sums(views: readonly ReferenceView[], params: MetricParams) {
  const measured = views.filter((view) => view.dwellMs !== null);
  return {
    views: views.length,
    measured_views: measured.length,
    bounce_views: measured.filter((view) => view.dwellMs! < params.bounce_s * 1000).length,
    item_opens: sum(views.map((view) => view.itemOpens)),
  };
}

function viewRow(view: ReferenceView, viewNo: number, day: string, suspect: number): Row {
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  return {
    user_id: view.user,
    day,
    merchant_id: nullable(view.merchant),
    flyer_id: view.flyer,
    view_no: viewNo,
    origin: view.origin,
    start_ts: view.startMs / 1000,
    last_ts: view.lastMs / 1000,
    n_events: view.events,
    item_opens: view.itemOpens,
    reopens: view.reopens,
    end_reason: view.end,
    observed_s: view.observedMs / 1000,
    tail_s: seconds(view.tailMs),
    dwell_s: seconds(view.dwellMs),
    max_gap_s: view.maxGapMs / 1000,
    measured: view.dwellMs === null ? 0 : 1,
    capped: view.capped ? 1 : 0,
    suspect,
  };
}

/** R15: linear interpolation at (n − 1) · q. */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const ordered = [...values].sort((a, b) => a - b);
  const at = (ordered.length - 1) * q;
  const below = ordered[Math.floor(at)]!;
  const above = ordered[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

function dwellOf(views: readonly ReferenceView[]): number | null {
  const measured = views.filter((view) => view.dwellMs !== null);
  return measured.length === 0 ? null : sum(measured.map((view) => view.dwellMs!)) / 1000;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function sorted<R extends Row>(rows: readonly R[], columns: readonly (keyof R & string)[]): R[] {
  const text = (row: R, column: string) => String(row[column] ?? '');
  return [...rows].sort(
    (a, b) =>
      columns.map((column) => byText(text(a, column), text(b, column))).find((order) => order !== 0) ?? 0,
  );
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ratio = (numerator: number | null, denominator: number): number | null =>
  numerator === null || denominator === 0 ? null : numerator / denominator;
const key = (...parts: readonly string[]): string => JSON.stringify(parts);
const nullable = (id: string): string | null => (id === '' ? null : id);
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
