/** Small groups (R16): what a merchant must not see, nor be able to work out. */
import { describe, expect, it } from 'vitest';
import { computeDays, type Row, type Tables } from '../support/compute-days.ts';
import type { RawRow } from '../support/stage-events.ts';

const K = 11;

/** Users by number, each with a measured view of 60 s of the flyer. */
function views(flyer: string, users: readonly number[], seconds = 60): RawRow[] {
  return users.flatMap((user) => {
    const at = (s: number) =>
      `2018-10-01T${flyer < 'B' ? '10' : flyer < 'C' ? '11' : '12'}:${clock(s)}-04:00`;
    const name = `u${user}`;
    return [
      { timestamp: at(0), user: name, event: 'flyer_open', flyer, merchant: '9' },
      { timestamp: at(seconds), user: name, event: 'list_flyers' },
    ];
  });
}

function favorites(count: number, flyer = ''): RawRow[] {
  return Array.from({ length: count }, (_, at) => ({
    timestamp: `2018-10-01T20:${clock(at)}-04:00`,
    user: `fan${at}`,
    event: 'favorite',
    flyer,
    merchant: '9',
  }));
}

describe('with k = 11', () => {
  it('hides a flyer of 3 users, and the smallest shown one with it, which subtraction would give away', async () => {
    // A 20 users, B 12, C 3, and 30 of the merchant.
    const { flyer_day, merchant_metrics } = await tablesOf([
      ...views('A', range(0, 20)),
      ...views('B', range(15, 27)),
      ...views('C', range(27, 30)),
    ]);
    expect(shownUsers(flyer_day!)).toEqual({ A: 20, B: null, C: null });
    expect(merchant_metrics).toMatchObject([{ users: 30, measured_users: 30, suppressed: 0, flyers: 3 }]);
  });

  it('leaves nothing but key, flag and status in a hidden row', async () => {
    const { flyer_day, merchant_metrics } = await tablesOf(views('A', range(0, 10)));
    const nothing = (row: Row) => Object.values(row).filter((value) => value !== null);
    expect(merchant_metrics!.map(nothing)).toEqual([['2018-10-01', '9', 1, 'final']]);
    expect(flyer_day!.map(nothing)).toEqual([['2018-10-01', '9', 'A', 1, 'final']]);
  });

  it('hides no other flyer when two are hidden already', async () => {
    const { flyer_day } = await tablesOf([
      ...views('A', range(0, 20)),
      ...views('B', range(20, 30)),
      ...views('C', range(30, 33)),
    ]);
    expect(shownUsers(flyer_day!)).toEqual({ A: 20, B: null, C: null });
  });

  it('shows exactly k users, and ranks only what it shows', async () => {
    const { flyer_day } = await tablesOf([...views('A', range(0, 11)), ...views('B', range(11, 30), 40)]);
    expect(shownUsers(flyer_day!)).toEqual({ A: 11, B: 19 });
    // 660 s against 760 s.
    expect(flyer_day!.map(({ flyer_id, rank }) => [flyer_id, rank])).toEqual([
      ['A', 2],
      ['B', 1],
    ]);
  });

  it.each([
    [0, 0],
    [1, null],
    [10, null],
    [11, 11],
  ])('of %i favourites shows %s', async (count, shown) => {
    const { merchant_metrics } = await tablesOf([...views('A', range(0, 20)), ...favorites(count)]);
    expect(merchant_metrics).toMatchObject([{ users: 20, favorites: shown }]);
  });

  it('hides the fewest shown favourites of another flyer with those of a single one', async () => {
    const { flyer_day, merchant_metrics } = await tablesOf([
      ...views('A', range(0, 20)),
      ...views('B', range(0, 20)),
      ...views('C', range(0, 20)),
      ...favorites(3, 'A'),
      ...favorites(12, 'B'),
      ...favorites(15, 'C'),
    ]);
    expect(merchant_metrics).toMatchObject([{ favorites: 30 }]);
    expect(flyer_day!.map((row) => row.favorites)).toEqual([null, null, 15]);
  });
});

async function tablesOf(rows: readonly RawRow[]): Promise<Tables> {
  return (await computeDays(rows, { params: { k_min_users: K } })).tables;
}

function shownUsers(flyers: readonly Row[]): Record<string, Row[string]> {
  return Object.fromEntries(flyers.map((row) => [row.flyer_id, row.users!]));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(14, 19);
}
