/** R18 read aloud: a day's merchants against themselves on earlier days. Slow and obvious. */
import type { Row } from '../../support/compute-days.ts';

const DAY_MS = 86_400_000;

export function dayBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * DAY_MS).toISOString().slice(0, 10);
}

/** @param metrics rows of `merchant_metrics` of all days */
export function comparisonsOf(metrics: readonly Row[], day: string, merchant: string): Row {
  const shown = (of: string) =>
    metrics.find((row) => row.day === of && row.merchant_id === merchant && row.suppressed === 0);
  const now = shown(day);
  const change = (value: Row[string] | undefined, base: Row[string] | undefined): number | null =>
    typeof value !== 'number' || typeof base !== 'number' || base === 0 ? null : value / base - 1;
  const week = [1, 2, 3, 4, 5, 6, 7]
    .map((days) => shown(dayBefore(day, days)))
    .filter((row) => row !== undefined);
  const total = (name: string) => week.reduce((sum, row) => sum + Number(row[name]), 0);
  const ofWeek = (numerator: string, denominator: number) =>
    week.length < 4 || denominator === 0 ? null : total(numerator) / denominator;
  return {
    avg_dwell_per_user_s_vs_prev_day: change(
      now?.avg_dwell_per_user_s,
      shown(dayBefore(day, 1))?.avg_dwell_per_user_s,
    ),
    avg_dwell_per_user_s_vs_7d: change(now?.avg_dwell_per_user_s, ofWeek('dwell_s', total('measured_users'))),
    avg_dwell_per_user_s_vs_same_weekday: change(
      now?.avg_dwell_per_user_s,
      shown(dayBefore(day, 7))?.avg_dwell_per_user_s,
    ),
    users_vs_prev_day: change(now?.users, shown(dayBefore(day, 1))?.users),
    users_vs_7d: change(now?.users, ofWeek('users', week.length)),
    users_vs_same_weekday: change(now?.users, shown(dayBefore(day, 7))?.users),
    views_vs_prev_day: change(now?.views, shown(dayBefore(day, 1))?.views),
    views_vs_7d: change(now?.views, ofWeek('views', week.length)),
    views_vs_same_weekday: change(now?.views, shown(dayBefore(day, 7))?.views),
  };
}
