/** Every parameter of the definition does something, from the run's parameters to the tables, and is documented with its default. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { type MetricParams, metricParamsSchema } from '../../tasks/metric-params.ts';
import { computeDays, computeDrops, type Tables } from '../support/compute-days.ts';
import { DAY, type RandomDay, randomDay } from '../support/random-streams.ts';

const [random] = fc.sample(randomDay({ min: 60, max: 70 }), { numRuns: 1, seed: 11 }) as [RandomDay];
/** And a flyer with one merchant, which one of its events does not name. */
const only = { timestamp: `${DAY}T10:00:00Z`, user: 'only', event: 'flyer_open', flyer: 'only' };
const rows = [...random.rows, { ...only, merchant: '9' }, { ...only, timestamp: `${DAY}T10:00:10Z` }];
const PLAIN = { k_min_users: 2, bounce_s: 10 };

describe('of the parameters', () => {
  let plain: Tables;
  beforeAll(async () => {
    plain = (await computeDays(rows, { params: PLAIN, days: [DAY] })).tables;
  });

  it.each<[keyof MetricParams, Partial<MetricParams>, string]>([
    ['inactivity_timeout_s', { inactivity_timeout_s: 60 }, 'flyer_views'],
    ['max_view_s', { max_view_s: 20 }, 'flyer_views'],
    ['censored_mode', { censored_mode: 'credit' }, 'flyer_views'],
    ['censored_credit_s', { censored_mode: 'credit', censored_credit_s: 30 }, 'user_day'],
    ['bounce_s', { bounce_s: 120 }, 'user_flyer_day'],
    ['long_gap_s', { long_gap_s: 5 }, 'merchant_metrics'],
    ['suspect_events_per_day', { suspect_events_per_day: 3 }, 'user_day'],
    ['suspect_events_per_minute', { suspect_events_per_minute: 1 }, 'user_day'],
    ['k_min_users', { k_min_users: 20 }, 'merchant_metrics'],
    ['fill_merchant', { fill_merchant: false }, 'clean_events'],
  ])('%s changes the tables', async (_, params, table) => {
    const { tables } = await computeDays(rows, { params: { ...PLAIN, ...params }, days: [DAY] });
    expect(tables[table]).not.toEqual(plain[table]);
  });

  it('each is in the reference, with its default', () => {
    const reference = readFileSync(join(PROJECT_ROOT, 'docs/reference/dwell-rules.md'), 'utf8');
    const documented = [...reference.matchAll(/^\| `(\w+)` +\| `?([\w.]+)`? +\|/gm)].map(
      ([, name, value]) => [name, value],
    );
    const defaults = Object.entries(metricParamsSchema.parse({})).map(([name, value]) => [
      name,
      String(value),
    ]);
    expect(documented.sort()).toEqual(defaults.sort());
  });
});

describe('report_tz', () => {
  const drop = (...lines: string[]) => ({
    'day.csv': ['timestamp,user_id,event,flyer_id,merchant_id', ...lines].join('\n'),
  });
  const params = { report_tz: 'America/Toronto', k_min_users: 1 };

  it('puts views on the days of that zone, whatever offset the events bring', async () => {
    const drops = drop(
      '2018-10-02T03:59:30Z,u1,flyer_open,1,9',
      '2018-10-02T13:01:30+09:00,u1,list_flyers,,',
      '2018-10-02T04:00:00Z,u2,flyer_open,1,9',
      '2018-10-02T04:00:20Z,u2,list_flyers,,',
    );
    const { tables } = await computeDrops(drops, ['2018-10-01', '2018-10-02'], { params });
    expect(tables.user_day!.map(({ user_id, day, dwell_s }) => [user_id, day, dwell_s])).toEqual([
      ['u1', '2018-10-01', 120],
      ['u2', '2018-10-02', 20],
    ]);
  });

  it('knows the hour that an autumn night has twice, and the one that a spring night lacks', async () => {
    const drops = drop(
      // 01:50 in summer time to 01:10 in winter time: 20 minutes.
      '2018-11-04T05:50:00Z,u1,flyer_open,1,9',
      '2018-11-04T06:10:00Z,u1,list_flyers,,',
      // The last second of a day of 25 hours.
      '2018-11-05T04:59:59Z,u2,flyer_open,1,9',
      '2018-11-05T05:00:09Z,u2,list_flyers,,',
      // 01:59:50 to 03:00:10: 20 seconds.
      '2018-03-11T06:59:50Z,u3,flyer_open,1,9',
      '2018-03-11T07:00:10Z,u3,list_flyers,,',
    );
    const { tables } = await computeDrops(drops, ['2018-03-11', '2018-11-04', '2018-11-05'], { params });
    expect(tables.user_day!.map(({ user_id, day, dwell_s }) => [user_id, day, dwell_s])).toEqual([
      ['u1', '2018-11-04', 1200],
      ['u2', '2018-11-04', 10],
      ['u3', '2018-03-11', 20],
    ]);
  });

  it('sees all of a view that goes on over midnight into a night in which clocks are put forward', async () => {
    const every = (user: string, times: readonly string[]) => [
      ...times.map((time, index) => `${time},${user},${index === 0 ? 'flyer_open' : 'item_open'},1,9`),
    ];
    const dwellOf = async (day: string, report_tz: string, lines: readonly string[]) => {
      const { tables } = await computeDrops(drop(...lines), [day], { params: { ...params, report_tz } });
      return tables.flyer_views!.map(({ dwell_s, n_events, end_reason }) => [dwell_s, n_events, end_reason]);
    };
    // 23:59:50, then 00:24:50 to 01:39:50 and, 25 minutes later, 03:04:50: an item more before the end, 7,510 s after the start.
    const toronto = every('u1', [
      '2018-03-11T04:59:50Z',
      '2018-03-11T05:24:50Z',
      '2018-03-11T05:49:50Z',
      '2018-03-11T06:14:50Z',
      '2018-03-11T06:39:50Z',
      '2018-03-11T07:04:50Z',
    ]);
    expect(
      await dwellOf('2018-03-10', 'America/Toronto', [...toronto, '2018-03-11T07:05:00Z,u1,list_flyers,,']),
    ).toEqual([[7200, 6, 'leave']]);
    // 23:59:50, and after a midnight that does not exist 01:24:50, 01:49:50, 02:14:50, 02:39:50.
    const saoPaulo = every('u2', [
      '2018-11-04T02:59:50Z',
      '2018-11-04T03:24:50Z',
      '2018-11-04T03:49:50Z',
      '2018-11-04T04:14:50Z',
      '2018-11-04T04:39:50Z',
    ]);
    expect(
      await dwellOf('2018-11-03', 'America/Sao_Paulo', [
        ...saoPaulo,
        '2018-11-04T04:40:00Z,u2,list_flyers,,',
      ]),
    ).toEqual([[6010, 5, 'leave']]);
  });
});
