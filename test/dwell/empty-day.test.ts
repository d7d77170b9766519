/** Days that have hardly anything: no event at all, events that make no view, no known id. */
import { describe, expect, it } from 'vitest';
import { TABLES } from '../../tasks/tables.ts';
import { computeDays, computeDrops } from '../support/compute-days.ts';

const HEADER = 'timestamp,user_id,event,flyer_id,merchant_id';

describe('a day', () => {
  it('of rejected rows alone has its rejected rows, its checks, and no other row', async () => {
    const drop = [HEADER, '2018-10-01T10:00:00Z,u1,page_ping,1,9', '2018-10-01T10:00:00Z,,flyer_open,1,9'];
    const { tables, days } = await computeDrops({ 'a.csv': drop.join('\n') }, ['2018-10-01']);
    expect(days[0]!.dq).toMatchObject({ rows_read: 2, events_kept: 0, rows_dropped_duplicate: 0, views: 0 });
    expect(tables.rejected_events!.map(({ reason }) => reason).sort()).toEqual(['no_user', 'unknown_event']);
    const { rejected_events: _, dq_day: __, ...others } = tables;
    expect(Object.values(others).flat()).toEqual([]);
  });

  it('of events that say no place has clean events and no view', async () => {
    const rows = ['list_flyers', 'item_open', 'flyer_close', 'favorite'].map((event, second) => ({
      timestamp: `2018-10-01T10:00:0${second}Z`,
      user: 'u1',
      event,
      flyer: 'null',
      merchant: '',
    }));
    const { tables } = await computeDays(rows);
    expect(tables.clean_events).toHaveLength(4);
    expect(tables.clean_events!.map(({ event_no, flyer_id }) => [event_no, flyer_id])).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [4, null],
    ]);
    for (const table of ['flyer_views', 'user_flyer_day', 'user_day', 'merchant_metrics', 'flyer_day']) {
      expect(tables[table], table).toEqual([]);
    }
  });

  it('keeps views of flyers of an unknown merchant with their users, and counts them', async () => {
    const rows = [
      { timestamp: '2018-10-01T10:00:00Z', user: 'u1', event: 'flyer_open', flyer: '1', merchant: 'null' },
      { timestamp: '2018-10-01T10:01:00Z', user: 'u1', event: 'list_flyers' },
    ];
    const { tables, days } = await computeDays(rows, { params: { k_min_users: 1 } });
    expect(tables.user_flyer_day).toMatchObject([{ flyer_id: '1', merchant_id: null, dwell_s: 60 }]);
    expect(tables.merchant_metrics).toEqual([]);
    expect(days[0]!.dq).toMatchObject({ views: 1, views_of_unknown_merchant: 1 });
  });
});

describe('every table', () => {
  it('has the declared columns, in their order', async () => {
    const rows = [
      { timestamp: '2018-10-01T10:00:00.250Z', user: 'u1', event: 'flyer_open', flyer: '1', merchant: '9' },
      { timestamp: '2018-10-01T10:01:00Z', user: 'u1', event: 'list_flyers' },
      { timestamp: '2018-10-01T10:02:00Z', user: 'u1', event: 'page_ping' },
    ];
    const { tables } = await computeDays(rows);
    for (const [name, [row]] of Object.entries(tables)) {
      expect(Object.keys(row!), name).toEqual(TABLES[name]!.columns.map((column) => column.name));
    }
    expect(tables.flyer_views).toMatchObject([{ start_ts: 1538388000.25, dwell_s: 59.75 }]);
  });
});
