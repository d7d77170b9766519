/** The definition's own examples, through the real tasks: staged files in, tables out. */
import { describe, expect, it } from 'vitest';
import type { MetricParams } from '../../tasks/metric-params.ts';
import { computeDays, computeDrops, type Row, type Tables } from '../support/compute-days.ts';
import cases from './cases.json' with { type: 'json' };

interface Case {
  readonly rule: string;
  readonly name: string;
  /** timestamp, user, event, flyer, merchant */
  readonly input: readonly (readonly string[])[];
  /** user, merchant, flyer, origin, start (HH:MM:SS), events, items, reopens, end, observed, tail, measured, dwell; '' is NULL */
  readonly views: readonly (readonly (string | number)[])[];
  readonly params: Partial<MetricParams>;
  readonly dq?: Readonly<Record<string, number>>;
  readonly user_day?: readonly (readonly (string | number)[])[];
  /** merchant, users, measured users, views, measured views, dwell; nothing suppressed */
  readonly merchant?: readonly (readonly (string | number)[])[];
}

/** All examples are about the first; some have events of the second. */
const DAYS = ['2018-10-01', '2018-10-02'];

/** All examples are written at this offset. */
const OFFSET_S = -4 * 3600;

describe.each(cases as unknown as Case[])('$rule: $name', (example) => {
  it('gives the tables of the definition', async () => {
    const rows = example.input.map(([timestamp, user, event, flyer, merchant]) => ({
      timestamp: timestamp!,
      user: user!,
      event: event!,
      flyer: flyer!,
      merchant: merchant!,
    }));
    const params = { k_min_users: 1, ...example.params };
    expectTables(example, (await computeDays(rows, { params })).tables);
  });

  it('gives them from a drop, too', async () => {
    const text = [
      'timestamp,user_id,event,flyer_id,merchant_id',
      ...example.input.map((row) => row.join(',')),
    ];
    const params = { k_min_users: 1, ...example.params };
    expectTables(example, (await computeDrops({ 'day.csv': text.join('\n') }, DAYS, { params })).tables);
  });
});

function expectTables(example: Case, tables: Tables): void {
  expect(tables.flyer_views!.map(viewOf)).toEqual(example.views);
  expect(dqOf(tables.dq_day!)).toMatchObject(example.dq ?? {});
  if (example.user_day) expect(tables.user_day!.map(userDayOf)).toEqual(example.user_day);
  if (example.merchant) expect(tables.merchant_metrics!.map(merchantOf)).toEqual(example.merchant);
}

function viewOf(row: Row): (string | number)[] {
  const start = new Date((Number(row.start_ts) + OFFSET_S) * 1000).toISOString().slice(11, 19);
  return [
    row.user_id,
    row.merchant_id,
    row.flyer_id,
    row.origin,
    start,
    row.n_events,
    row.item_opens,
    row.reopens,
    row.end_reason,
    row.observed_s,
    row.tail_s,
    row.measured,
    row.dwell_s,
  ].map((value) => value ?? '');
}

function userDayOf(row: Row): (string | number)[] {
  const average = (value: Row[string] | undefined) => (typeof value === 'number' ? value.toFixed(6) : '');
  return [
    row.user_id!,
    row.day!,
    row.flyers!,
    row.measured_flyers!,
    row.views!,
    row.measured_views!,
    row.item_opens!,
    String(row.dwell_s ?? ''),
    average(row.avg_time_on_flyer_s),
    average(row.avg_time_per_view_s),
    average(row.median_time_on_flyer_s),
    row.suspect!,
  ];
}

function merchantOf(row: Row): (string | number | null)[] {
  return [row.merchant_id!, row.users!, row.measured_users!, row.views!, row.measured_views!, row.dwell_s!];
}

function dqOf(rows: readonly Row[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { check, value } of rows) sums[String(check)] = (sums[String(check)] ?? 0) + Number(value);
  return sums;
}
