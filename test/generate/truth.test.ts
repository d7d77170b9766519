/** The generator's books against a count of what it wrote. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { distinct, type NaiveView, naiveViews, toEvent } from './naive-views.ts';
import { type DropRow, dropKeys, eventOf, idOf, isSpelledNull, readDrop } from './read-drops.ts';

const temp = useTempDir();

// The second week crosses the end of summer time, with its day of 25 hours.
describe.each([
  { start: '2018-10-01', days: 3, users: 700, seed: 7, format: 'mixed' },
  { start: '2018-11-03', days: 3, users: 250, seed: 11, format: 'mixed' },
  { start: '2019-03-09', days: 2, users: 250, seed: 12, format: 'ndjson' },
] as const)('the truth about $days days from $start', (options) => {
  let truth: Truth;
  let drops: Map<string, DropRow[]>;
  let rows: DropRow[];
  let valid: DropRow[];
  beforeAll(async () => {
    const out = temp.fresh();
    truth = await generateDrops({ out, ...options });
    const root = join(out, 'drops');
    drops = new Map(dropKeys(root).map((key) => [key, readDrop(root, key)]));
    rows = [...drops.values()].flat();
    valid = rows.filter((row) => row.fault === undefined);
  });

  it('counts the rows of every drop', () => {
    for (const { key, rows: count } of truth.drops) expect(drops.get(key)?.length, key).toBe(count);
  });

  it('counts what rules R1 and R12 reject, by reason and by day', () => {
    const found = rejectedByDay(drops);
    for (const day of truth.days) {
      expect(found.get(day.day) ?? [0, 0, 0, 0], day.day).toEqual([
        day.rows_quarantined_bad_row,
        day.rows_quarantined_no_user,
        day.rows_quarantined_unknown_event,
        day.rows_quarantined_skew_future,
      ]);
    }
    expect(sum(Object.values(truth.totals.rejected))).toBe(rows.length - valid.length);
  });

  it('counts the copies that rule R4 drops, and the events that are kept, by day', () => {
    for (const day of truth.days) {
      const today = valid.filter((row) => row.day === day.day).map(toEvent);
      expect(distinct(today).length, day.day).toBe(day.events_kept);
      expect(today.length - distinct(today).length, day.day).toBe(day.rows_dropped_duplicate);
    }
    expect(distinct(valid.map(toEvent)).length).toBe(truth.totals.events_kept);
  });

  it('counts spelled nulls, missing merchants, odd names, late and disordered rows', () => {
    const count = (holds: (row: DropRow) => boolean) => valid.filter(holds).length;
    const disordered = [...drops.values()].flatMap((drop) => {
      const instants = drop.filter((row) => row.fault === undefined).map((row) => row.instantMs);
      return instants.filter((instant, i) => i > 0 && instant < instants[i - 1]!);
    });
    const { totals } = truth;
    expect(count((row) => isSpelledNull(row.fields.flyer_id))).toBe(totals.null_spelling_flyer);
    expect(count((row) => isSpelledNull(row.fields.merchant_id))).toBe(totals.null_spelling_merchant);
    expect(count((row) => idOf(row.fields.flyer_id) !== '' && idOf(row.fields.merchant_id) === '')).toBe(
      totals.merchant_filled,
    );
    expect(count((row) => row.fields.event !== eventOf(row))).toBe(totals.untidy_events);
    expect(count((row) => row.key.slice(0, 10) > row.day!)).toBe(totals.late);
    expect(disordered.length).toBe(totals.out_of_order);
    for (const [event, found] of Object.entries(totals.events)) {
      expect(
        count((row) => eventOf(row) === event),
        event,
      ).toBe(found);
    }
  });

  it('plants every kind of dirt', () => {
    const { rejected, duplicates, ...totals } = truth.totals;
    const kinds = { ...rejected, ...duplicates, ...totals };
    const absent = Object.entries(kinds).flatMap(([kind, count]) => (count === 0 ? [kind] : []));
    // A copy in another format takes a second producer, a wrong clock one that tells when it received an event.
    const impossible = ['clock_ahead', 'other_format', 'rows_quarantined_skew_future'];
    expect(absent.sort()).toEqual(options.format === 'mixed' ? [] : impossible);
  });

  it('foretells to the millisecond what the rules measure, per day and merchant', () => {
    const views = naiveViews(valid).filter((view) => view.user !== truth.bot.user_id);
    const found = Map.groupBy(views, (view) => `${view.day} ${view.merchant}`);
    const foretold = truth.days.flatMap(({ day, merchants }) =>
      merchants.map((merchant) => ({ day, ...merchant })),
    );
    expect([...found.keys()].sort()).toEqual(foretold.map((m) => `${m.day} ${m.merchant_id}`).sort());
    for (const merchant of foretold) {
      const name = `${merchant.day} ${merchant.merchant_id}`;
      expect(measure(found.get(name)!), name).toEqual(foretell(merchant));
    }
    for (const { day, views: all } of truth.days) {
      expect(measure(views.filter((view) => view.day === day)), day).toEqual(foretell(all));
    }
  });

  it('has one suspect user, above both limits of rule R13 on every day', () => {
    const suspects = new Set<string>();
    for (const [key, events] of Map.groupBy(
      distinct(valid.map(toEvent)),
      (event) => `${event.user} ${event.day}`,
    )) {
      const perMinute = Map.groupBy(events, (event) => Math.floor(event.ms / 60_000));
      const fast = Math.max(...[...perMinute.values()].map((minute) => minute.length)) > 60;
      if (events.length > 500 || fast) suspects.add(`${key} ${events.length > 500} ${fast}`);
    }
    const bot = truth.days.slice(0, options.days).map(({ day }) => `${truth.bot.user_id} ${day} true true`);
    expect([...suspects].sort()).toEqual(bot.sort());
  });

  it('has sessions over midnight, several time zones and shoppers who travel', () => {
    const shoppers = Map.groupBy(
      valid.filter((row) => row.fields.user_id !== truth.bot.user_id),
      (row) => row.fields.user_id!,
    );
    const overMidnight = [...shoppers.values()].filter((mine) => {
      const ordered = [...mine].sort((a, b) => a.instantMs - b.instantMs);
      return ordered.some(
        (row, i) =>
          i > 0 && row.day! > ordered[i - 1]!.day! && row.instantMs - ordered[i - 1]!.instantMs < 1_800_000,
      );
    });
    const travellers = [...shoppers.values()].filter((mine) => {
      const byOffset = Map.groupBy(mine, (row) => row.fields.timestamp!.slice(-6));
      // A copy may be written with another offset, too; a trip is more than a few copies.
      return [...byOffset.values()].filter((rows) => rows.length >= 5).length > 1;
    });
    const offsets = new Set(valid.map((row) => row.fields.timestamp!.slice(-6)));
    expect(overMidnight.length).toBeGreaterThan(0);
    expect(travellers.length).toBeGreaterThan(0);
    expect(offsets.size).toBeGreaterThanOrEqual(6);
  });
});

function rejectedByDay(drops: ReadonlyMap<string, readonly DropRow[]>): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const kinds = ['bad_row', 'no_user', 'unknown_event', 'skew_future'];
  for (const [key, rows] of drops) {
    const days = Map.groupBy(
      rows.filter((row) => row.fault === undefined),
      (row) => row.day!,
    );
    const [home] = [...days].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))[0] ?? [
      key.slice(0, 10),
    ];
    for (const { fault, day } of rows) {
      if (fault === undefined) continue;
      const counts = found.get(day ?? home) ?? [0, 0, 0, 0];
      counts[kinds.indexOf(fault)]!++;
      found.set(day ?? home, counts);
    }
  }
  return found;
}

function measure(views: readonly NaiveView[]) {
  const measured = views.filter((view) => view.dwellMs !== null);
  const ended = views.filter((view) => view.ended);
  return {
    users: new Set(views.map((view) => view.user)).size,
    measured_users: new Set(measured.map((view) => view.user)).size,
    views: views.length,
    measured_views: measured.length,
    item_opens: sum(views.map((view) => view.itemOpens)),
    dwell_s: sum(measured.map((view) => view.dwellMs!)) / 1000,
    ended_views: ended.length,
    ended_dwell_s: sum(ended.map((view) => view.dwellMs!)) / 1000,
  };
}

function foretell(truth: Truth['days'][number]['views']) {
  const { users, measured_users, views, measured_views, item_opens, dwell_s, ended_views, ended_dwell_s } =
    truth;
  return { users, measured_users, views, measured_views, item_opens, dwell_s, ended_views, ended_dwell_s };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
