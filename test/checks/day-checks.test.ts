/** Days checked before they are published: warnings, blocks, what readers see meanwhile, and publishing in spite of a block. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGarbage } from '../../lake/gc.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import { openStore } from '../../lake/open-store.ts';
import { type CheckResult, checkId, type DayChecks } from '../../tasks/checks/check-result.ts';
import { readCheckResults, readChecksOfDays } from '../../tasks/checks/check-store.ts';
import { dayParamsSchema, metricParamsOf } from '../../tasks/day-params.ts';
import { readPartitions } from '../../tasks/partitions/read-partitions.ts';
import type { CheckedRef } from '../../tasks/refs.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();
/** Mondays. */
const EARLIER = ['2018-09-03', '2018-09-10', '2018-09-17', '2018-09-24'] as const;
const LARGE = '2018-10-01';
const DAY_MS = 86_400_000;
const STRICT = { checks: { 'user_day.usual_rows': { severity: 'block' } } };

let lake: NightlyLake;

/** Each user looks at a flyer for a minute, the last of them at the end of the day. */
function visits(day: string, users: number, prefix = 'u'): RawRow[] {
  return Array.from({ length: users }, (_, user) => {
    const minute = user % 60;
    const at = (second: string) => `${day}T23:${String(minute).padStart(2, '0')}:${second}-04:00`;
    const who = { user: `${prefix}${user}`, flyer: `f${user % 3}`, merchant: `m${user % 3}` };
    return [
      { timestamp: at('00'), event: 'flyer_open', ...who },
      { timestamp: at('50'), event: 'flyer_close', ...who },
    ];
  }).flat();
}

const resultsOf = async (day: string): Promise<DayChecks> => (await readCheckResults(lake.lake, day))!;
const find = ({ results }: DayChecks, name: string): CheckResult =>
  results.find((result) => checkId(result) === name)!;
const notable = ({ results }: DayChecks) =>
  results.filter(({ status }) => status !== 'passed').map((result) => `${result.status} ${checkId(result)}`);

async function stateOf(day: string): Promise<string> {
  const drops = await openStore(`${lake.dir}/drops`, { readOnly: true });
  try {
    const params = metricParamsOf(dayParamsSchema.parse({}));
    const options = { from: day, to: day, assets: ['user_day'], params, nowMs: Date.now() };
    const { state, reason } = (await readPartitions({ lake: lake.lake, drops }, options))!.assessments[0]!;
    return `${state}: ${reason}`;
  } finally {
    await drops.close();
  }
}

beforeAll(async () => {
  lake = await openNightlyLake(dir.path);
  for (const [week, day] of EARLIER.entries()) {
    lake.drop(`${day}.csv`, visits(day, 38 + week));
    await lake.run(day);
  }
}, 60_000);
afterAll(() => lake.close());

describe('a day that is like those before', () => {
  it('passes every check, and says where there is not enough history', async () => {
    const found = await resultsOf('2018-09-24');
    expect(notable(found)).toEqual([]);
    expect(find(found, 'user_day.usual_rows').detail).toBe('not enough history: 3 of 4 earlier Mondays');
    expect(find(found, 'clean_events.drops_add_up').detail).toBe('1 drop adds up to 82 rows, 82 kept');
    expect(found.figures['user_day.usual_rows']).toBe(41);
  });
});

describe('a day with three times the rows', () => {
  it('is published with warnings, which say how unusual it is', async () => {
    lake.drop(`${LARGE}.csv`, visits(LARGE, 120));
    const summary = await lake.run(LARGE);
    const found = await resultsOf(LARGE);
    expect(found.status).toBe('warned');
    expect(notable(found)).toContain('warned user_day.usual_rows');
    const { zScore, expected } = find(found, 'user_day.usual_rows');
    // Median of 38, 39, 40, 41; deviations of 0.5 and 1.5, so a robust deviation is 5 % of the median.
    expect(zScore).toBeCloseTo((120 - 39.5) / (39.5 * 0.05), 1);
    expect(expected).toBe('39.5 ± 6.913');
    const checked = summary.tasks.find(({ taskId }) => taskId === 'check-day')?.result as CheckedRef;
    expect(checked.warnings.map(checkId)).toContain('user_day.usual_rows');
    expect(await lake.rows('user_day', LARGE)).toHaveLength(120);
  });

  it('keeps the version before readable when it is blocked, and is failed with the reason', async () => {
    lake.drop(`${LARGE}-late.csv`, visits(LARGE, 120, 'late'));
    await expect(lake.run(LARGE, STRICT)).rejects.toMatchObject({
      cause: { code: 'FL_CHECK_FAILED', message: expect.stringContaining('user_day.usual_rows: 240;') },
    });
    expect(await lake.rows('user_day', LARGE)).toHaveLength(120);
    expect((await resultsOf(LARGE)).status).toBe('blocked');
    expect(await stateOf(LARGE)).toMatch(
      /^failed: run \S+ failed: its checks block it: user_day\.usual_rows: 240; .*; version 1 .* stays readable, although 1 drop arrived/,
    );
  });

  it('is stale again, not failed, once a drop has come that may mend it', async () => {
    lake.drop(`${LARGE}-mended.csv`, visits(LARGE, 1, 'mended'));
    expect(await stateOf(LARGE)).toMatch(/^stale-input: /);
  });

  it('is published when the check is accepted, and its manifest and results say so', async () => {
    await lake.run(LARGE, { ...STRICT, accept_checks: 'user_day.usual_rows, user_day.unique_key' });
    expect(await lake.rows('user_day', LARGE)).toHaveLength(241);
    expect(find(await resultsOf(LARGE), 'user_day.usual_rows')).toMatchObject({
      ...{ severity: 'block', status: 'warned', isAccepted: true },
    });
    const manifest = await readHeadManifest(lake.lake, 'user_day', LARGE);
    expect(manifest?.reason).toBe('published in spite of user_day.usual_rows');
    expect(await stateOf(LARGE)).toMatch(/^fresh: /);
  });

  it('counts for later days as it was published, not as it was blocked', async () => {
    lake.drop('2018-10-08.csv', visits('2018-10-08', 40));
    await lake.run('2018-10-08');
    const found = find(await resultsOf('2018-10-08'), 'user_day.usual_rows');
    expect(found).toMatchObject({ status: 'passed', detail: expect.stringContaining('median of 5 Mondays') });
  });
});

describe('parameters', () => {
  it('turn a check off and set its limit', async () => {
    lake.drop('2018-10-15.csv', visits('2018-10-15', 400));
    await lake.run('2018-10-15', {
      checks: { 'user_day.usual_rows': { limit: 1000 }, 'user_day.usual_dwell': { severity: 'off' } },
    });
    const found = await resultsOf('2018-10-15');
    expect(find(found, 'user_day.usual_rows').status).toBe('passed');
    expect(find(found, 'user_day.usual_dwell')).toBeUndefined();
    expect(find(found, 'user_flyer_day.usual_rows').status).toBe('warned');
  });

  it.each([
    ['an unknown check', { checks: { 'user_day.usal_rows': { severity: 'block' } } }, /is no check/],
    ['an unknown accepted check', { accept_checks: 'user_day.usual_rows,x' }, /accept_checks/],
    ['a limit where there is none', { checks: { 'user_day.unique_key': { limit: 1 } } }, /has none/],
  ])('refuse %s', (_, params, message) => {
    expect(() => dayParamsSchema.parse(params)).toThrow(message);
  });
});

describe('results', () => {
  it('are those of a day each, in order', async () => {
    const days = await readChecksOfDays(lake.lake, { from: '2018-09-17', to: LARGE });
    expect(days.map(({ day, status }) => `${day} ${status}`)).toEqual([
      ...['2018-09-17 passed', '2018-09-24 passed', `${LARGE} warned`],
    ]);
  });

  it('are collected with the versions that they are about; those of the last run stay', async () => {
    const isOfChecks = (key: string) => key.includes(`/checks/`) && key.includes(`dt=${LARGE}`);
    const kept: string[] = [];
    for await (const { key } of lake.lake.list('ctl/')) if (isOfChecks(key)) kept.push(key);
    const garbage: string[] = [];
    for await (const { key } of findGarbage(lake.lake, { nowMs: Date.now() + 60 * DAY_MS })) {
      if (isOfChecks(key)) garbage.push(key);
    }
    expect(kept).toHaveLength(3);
    expect(garbage.map((key) => key.split('/').slice(3).join(' '))).toEqual([
      ...['blocked', 'passed'].map(
        (folder, index) => `${folder} dt=${LARGE} ${String(index === 0 ? 2 : 1).padStart(20, '0')}.json`,
      ),
    ]);
  });
});
