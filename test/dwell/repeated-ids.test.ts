/** Ids that come again after days (R4, R12): only the horizon counts, not which older rows happen to be read. */
import { describe, expect, it } from 'vitest';
import { computeDays } from '../support/compute-days.ts';

const DAY = '2018-10-01';
const event = (timestamp: string, name: string, eventId: string, user = 'u') => ({
  ...{ timestamp, user, event: name, flyer: '1', merchant: '9', eventId },
});
const VIEW = [event(`${DAY}T10:00:00Z`, 'flyer_open', 'x'), event(`${DAY}T10:01:00Z`, 'list_flyers', 'y')];
/** Its midnight comes 14 hours earlier: files of two days before may hold copies of what it sent on the day before. */
const FAR_EAST = event('2018-09-30T00:10:00+14:00', 'flyer_open', 'z', 'far east');

const dwellOf = async (rows: Parameters<typeof computeDays>[0], drops = 1) => {
  const { tables } = await computeDays(rows, { days: [DAY], drops });
  return tables.user_day!.map(({ user_id, views, dwell_s }) => [user_id, views, dwell_s]);
};

describe('an event with the id of an older one', () => {
  it('is the same event when that was on the day before', async () => {
    const before = event('2018-09-30T12:00:00Z', 'favorite', 'x');
    expect(await dwellOf([before, ...VIEW])).toEqual([]);
  });

  it.each([
    ['is read', [FAR_EAST]],
    ['is not read', []],
  ])('is an event of its own when that was before the horizon, whose file %s', async (_, others) => {
    const older = event('2018-09-29T12:00:00Z', 'favorite', 'x');
    expect(await dwellOf([older, ...others, ...VIEW])).toEqual([['u', 1, 60]]);
  });
});
