/** `explain view` as people and programs see it. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { UserDayExplanation } from '../../tasks/explain/explain-user-day.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { publishDays } from '../support/publish-days.ts';
import { useTempDir } from '../support/temp-dir.ts';

const row = (timestamp: string, event: string, flyer = '', merchant = '', user = 'ada') => ({
  ...{ timestamp: `${timestamp}-04:00`, user, event, flyer, merchant },
});

const ROWS = [
  row('2018-10-01T10:00:00', 'flyer_open', '1', '9'),
  row('2018-10-01T10:00:40', 'item_open', '1', '%3Cnull%3G'),
  row('2018-10-01T10:01:30', 'flyer_open', '2', '9'),
  row('2018-10-01T10:01:30', 'flyer_open', '2', '9'),
  row('2018-10-01T10:01:40', 'page_ping', '2', '9'),
  row('2018-10-01T10:01:50.250', 'list_flyers'),
  row('2018-10-01T11:00:00', 'flyer_open', '3', '9'),
  row('2018-10-01T23:50:00', 'flyer_open', '4', '7'),
  // Another user, whose id begins like the first one's.
  row('2018-10-01T10:00:00', 'page_ping', '1', '9', 'ada-2'),
  { ...row('2018-10-01T10:00:00', 'flyer_open', '1', '9', 'ada-2'), eventId: 'x' },
  { ...row('2018-10-01T10:00:09', 'flyer_open', '2', '', 'ada-2'), eventId: 'x' },
];

describe('./flyerline explain view', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');
  const view = (user: string, day = '2018-10-01') => [
    ...['explain', 'view', '--user', user, '--date', day, '--lake', lake],
  ];

  beforeAll(() => publishDays(lake, ROWS));

  it('is a timeline of events and rules', async () => {
    const { exitCode, stdout } = await flyerline(view('ada'));
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`ada on 2018-10-01
dwell-1: timeout 1800 s, cap 7200 s, censored views: exclude, data up to 2018-10-02T03:50:00Z

10:00:00      flyer_open      1/9  R6  flyer 1 of merchant 9 opens: view 1
10:00:40      item_open       1/9  R2  merchant written "%3Cnull%3G": unknown
                                   R3  merchant 9 is filled in: the only one that the day names for flyer 1
                                   R6  an item of the open flyer: the view goes on
10:01:30      flyer_open      2/9  R4  written 2 times, counts once
                                   R6  another flyer: view 1 ends (switch)
                                   R9  40 s observed + 50 s until this event = 90 s
                                   R6  flyer 2 of merchant 9 opens: view 2
10:01:50.250  list_flyers          R7  list_flyers: leaves view 2
                                   R9  0 s observed + 20.25 s until this event = 20.25 s
11:00:00      flyer_open      3/9  R6  flyer 3 of merchant 9 opens: view 3
23:50:00      flyer_open      4/7  R8  46,200 s of silence, more than 1,800 s: view 3 ended at its last event
                                   R9  nothing observed and its end unknown: unmeasured, not 0
                                   R6  flyer 4 of merchant 7 opens: view 4
                                   R11 the local day is 2018-10-01; in UTC it is 2018-10-02
              no more events       R9  the data ends less than 1,800 s later: how view 4 ended is not known yet
                                   R9  nothing observed and its end unknown: unmeasured, not 0

R1  rows that name the user and are no events:
    drop line 5: unknown_event, unknown_event

Flyer  Merchant  Views  Measured  Time on flyer
1      9             1         1           90 s
2      9             1         1        20.25 s
3      9             1         0     unmeasured
4      7             1         0     unmeasured

R14 average time on flyer 55.125000 s = 110.25 s ÷ 2 measured flyers

! 2018-10-02 is not published: a view may reach over midnight, unseen here.
✓ The published views are exactly these.
`);
  });

  it('tells of rows that name this user, not one of a longer name, and of events whose id was there before', async () => {
    const { rejected, repeats } = await flyerlineJson<UserDayExplanation>(view('ada-2'));
    expect(rejected.map(({ line }) => line)).toEqual([9]);
    expect(repeats).toMatchObject([
      { time: '10:00:09', event: 'flyer_open', flyerId: '2', why: 'another event has its event_id' },
    ]);
    const { stdout } = await flyerline(view('ada-2'));
    expect(stdout).toContain('10:00:09 flyer_open 2/-: another event has its event_id');
  });

  it('is one object for programs', async () => {
    const explained = await flyerlineJson<UserDayExplanation>(view('ada'));
    expect(explained).toMatchObject({
      ...{ user: 'ada', day: '2018-10-01', missingDays: ['2018-10-02'], agrees: true, hasRows: true },
      params: { inactivity_timeout_s: 1800 },
      total: { views: 4, measuredViews: 2, measuredFlyers: 2, dwellMs: 110_250 },
    });
    expect(explained.events[1]).toMatchObject({
      ...{ time: '10:00:40', event: 'item_open', flyerId: '1', merchantId: '9' },
      told: [{ rule: 'R2' }, { rule: 'R3' }, { rule: 'R6' }],
    });
  });

  it('says so when the user has no event, and fails when the day is not published', async () => {
    const nobody = await flyerline(view('bob'));
    expect(nobody.exitCode).toBe(0);
    expect(nobody.stdout).toContain('No event of bob on 2018-10-01.');
    const unpublished = await flyerline(view('ada', '2018-10-02'));
    expect(unpublished.exitCode).toBe(1);
    expect(unpublished.stderr).toContain('Day 2018-10-02 is not published');
  });
});
