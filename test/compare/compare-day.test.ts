/** Merchants against themselves on earlier days (R18): which bases count, and when a comparison is made again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionHistory } from '../../lake/history.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { isCompared } from '../../tasks/compare/is-compared.ts';
import { DEFINITION_VERSION } from '../../tasks/metric-params.ts';
import { republishDay } from '../../tasks/republish-day.ts';
import { MERCHANT_DAY, MERCHANT_METRICS } from '../../tasks/tables.ts';
import { dayBefore } from '../dwell/reference/comparisons.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { type MerchantFigures, type MetricsLake, openMetricsLake } from './metrics-lake.ts';

const temp = useTempDir();
const DAY = '2018-10-08';
let lake: MetricsLake;
beforeEach(async () => {
  lake = await openMetricsLake(temp.path);
});
afterEach(() => lake.close());

/** Each user 100 s, unless told otherwise. */
const shown = (users: number, more: Partial<MerchantFigures> = {}): MerchantFigures => ({
  merchant: '9',
  users,
  dwellS: users * 100,
  ...more,
});

async function rowOf(own: MerchantFigures, bases: Readonly<Record<number, MerchantFigures>>) {
  for (const [days, figures] of Object.entries(bases))
    await lake.publish(dayBefore(DAY, Number(days)), [figures]);
  await lake.publish(DAY, [own]);
  await lake.compare(DAY);
  return (await lake.rows(DAY))[0]!;
}

describe('a comparison', () => {
  it('of 120 s after 100 s is +0.2', async () => {
    const row = await rowOf(shown(20, { dwellS: 2400 }), { 1: shown(10) });
    expect(row.avg_dwell_per_user_s_vs_prev_day).toBeCloseTo(0.2, 12);
    expect(row).toMatchObject({ users_vs_prev_day: 1, views_vs_prev_day: 1 });
  });

  it('with the week divides sums by sums, and counts by the days that are shown', async () => {
    const bases = { 1: shown(10), 3: shown(20), 5: shown(30, { dwellS: 9000 }), 6: shown(20, { views: 40 }) };
    const row = await rowOf(shown(40, { views: 60 }), bases);
    // (1000 + 2000 + 9000 + 2000) / (10 + 20 + 30 + 20) = 175 s, 20 users, 25 views a day.
    expect(row.avg_dwell_per_user_s_vs_7d).toBeCloseTo(100 / 175 - 1, 12);
    expect(row.users_vs_7d).toBeCloseTo(40 / 20 - 1, 12);
    expect(row.views_vs_7d).toBeCloseTo(60 / 25 - 1, 12);
  });

  it('with the same weekday looks seven days back, and no further', async () => {
    const row = await rowOf(shown(30), { 7: shown(20), 8: shown(500) });
    expect(row).toMatchObject({
      users_vs_same_weekday: 0.5,
      avg_dwell_per_user_s_vs_same_weekday: 0,
      users_vs_prev_day: null,
      users_vs_7d: null,
    });
  });

  it.each([
    ['was not there', undefined],
    ['is suppressed', { merchant: '9' }],
    ['is of another merchant', shown(20, { merchant: '8' })],
  ])('is NULL when the base %s', async (_, base) => {
    const row = await rowOf(shown(20), base === undefined ? {} : { 1: base, 7: base });
    expect(changesOf(row)).toEqual(Array(9).fill(null));
  });

  it('is NULL when the base is 0, and −1 when the day itself is', async () => {
    const nothing = shown(20, { dwellS: 0 });
    expect((await rowOf(shown(20), { 1: nothing })).avg_dwell_per_user_s_vs_prev_day).toBeNull();
    await lake.publish(DAY, [nothing]);
    await lake.publish(dayBefore(DAY, 1), [shown(20)]);
    await lake.compare(DAY);
    expect((await lake.rows(DAY))[0]!.avg_dwell_per_user_s_vs_prev_day).toBe(-1);
  });

  it('with the week is NULL when fewer than four of its days are shown', async () => {
    const three = { 1: shown(10), 2: shown(10), 3: { merchant: '9' }, 7: shown(10) };
    expect((await rowOf(shown(10), three)).users_vs_7d).toBeNull();
    await lake.publish(dayBefore(DAY, 4), [shown(10)]);
    await lake.compare(DAY);
    expect((await lake.rows(DAY))[0]!.users_vs_7d).toBe(0);
  });

  it('tells nothing of a day that is suppressed', async () => {
    const week = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((days) => [days, shown(20)]));
    expect(changesOf(await rowOf({ merchant: '9' }, week))).toEqual(Array(9).fill(null));
  });

  it('takes no base that follows other parameters, but one with another k_min_users', async () => {
    await lake.publish(dayBefore(DAY, 1), [shown(10)], { params: { inactivity_timeout_s: 900 } });
    await lake.publish(dayBefore(DAY, 7), [shown(10)], { params: { k_min_users: 5 } });
    const row = await rowOf(shown(20), {});
    expect(row).toMatchObject({ users_vs_prev_day: null, users_vs_same_weekday: 1 });
  });
});

describe('comparing a day again', () => {
  it('does nothing while what it is made of is the same', async () => {
    await rowOf(shown(20), { 1: shown(10) });
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'unchanged' });
    await lake.publish(dayBefore(DAY, 8), [shown(10)]);
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'unchanged' });
    expect(await partitionHistory(lake.lake, 'merchant_day', DAY)).toHaveLength(1);
  });

  it('makes a new version when a base was restated, and names what it read', async () => {
    await rowOf(shown(20), { 1: shown(10) });
    await lake.publish(dayBefore(DAY, 1), [shown(16)]);
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'committed', rowCount: 1 });
    expect((await lake.rows(DAY))[0]!.users_vs_prev_day).toBe(0.25);
    const manifest = await readHeadManifest(lake.lake, 'merchant_day', DAY);
    expect(manifest).toMatchObject({ definitionVersion: DEFINITION_VERSION, runId: 'test' });
    expect(manifest!.partitions!.map(({ day, token }) => [day, Number(token)])).toEqual([
      [DAY, 1],
      [dayBefore(DAY, 1), 2],
    ]);
  });

  it('confirms equal bytes when a base changed in what is not compared', async () => {
    await rowOf(shown(20), { 1: shown(10, { measuredUsers: 10 }) });
    const before = await lake.rows(DAY);
    await lake.publish(dayBefore(DAY, 1), [shown(10), { merchant: '8' }]);
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'unchanged' });
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'unchanged' });
    expect(await lake.rows(DAY)).toEqual(before);
    expect(await partitionHistory(lake.lake, 'merchant_day', DAY)).toMatchObject([
      { kind: 'confirm' },
      { kind: 'publish' },
    ]);
  });

  it('refuses while a rollback holds the day', async () => {
    await rowOf(shown(20), { 1: shown(10) });
    await lake.publish(dayBefore(DAY, 1), [shown(16)]);
    await lake.compare(DAY);
    await rollbackPartition(lake.lake, 'merchant_day', { day: DAY, toVersion: 0, reason: 'test' });
    await lake.publish(dayBefore(DAY, 1), [shown(5)]);
    await expect(lake.compare(DAY)).rejects.toMatchObject({ code: 'FL_PINNED' });
    expect((await lake.rows(DAY))[0]!.users_vs_prev_day).toBe(1);
  });

  it('by seven at once, each of which publishes a base first, ends with all bases', async () => {
    await lake.publish(DAY, [shown(20)]);
    const publishers = Array.from({ length: 7 }, async (_, turn) => {
      await lake.publish(dayBefore(DAY, turn + 1), [shown(10 + turn)]);
      await lake.compare(DAY);
    });
    await Promise.all(publishers);
    const seen = await lake.rows(DAY);
    expect(seen[0]!.users_vs_7d).toBeCloseTo(20 / 13 - 1, 12);
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'unchanged' });
    expect(await lake.rows(DAY)).toEqual(seen);
  });

  it('is asked for as long as the day is not compared with what is published, or its exports show an older version', async () => {
    const isDone = () => isCompared(lake.lake, DAY);
    const shows = () => republishDay(lake.services, DAY, temp.fresh(), new AbortController().signal);
    expect(await isDone()).toBe(true);
    await lake.publish(DAY, [shown(20)]);
    expect(await isDone()).toBe(false);
    await lake.compare(DAY);
    expect(await isDone()).toBe(false);
    await shows();
    expect(await isDone()).toBe(true);
    await lake.publish(dayBefore(DAY, 1), [shown(10)]);
    expect(await isDone()).toBe(false);
    await rollbackPartition(lake.lake, 'merchant_day', { day: DAY, toVersion: 0, reason: 'test' });
    expect(await isDone()).toBe(true);
  });

  it('leaves a day alone that is not published', async () => {
    await lake.publish(dayBefore(DAY, 1), [shown(10)]);
    expect(await lake.compare(DAY)).toBeUndefined();
  });
});

describe('a lake from before there were comparisons', () => {
  it('shows its days without them, in both formats, until they are compared', async () => {
    const before = { ...MERCHANT_DAY, columns: MERCHANT_METRICS.columns };
    const earlier = dayBefore(DAY, 1);
    await lake.publish(earlier, [shown(10)], { schema: before });
    await lake.publish(earlier, [shown(10)]);
    await lake.publish(DAY, [shown(20)]);
    expect(await lake.compare(DAY)).toMatchObject({ outcome: 'committed' });
    expect((await lake.rows(DAY))[0]!.users_vs_prev_day).toBe(1);

    const { files } = await republishDay(lake.services, earlier, temp.fresh(), new AbortController().signal);
    expect(files.map(({ key, rowCount }) => [key.split('.').at(-1), rowCount])).toEqual([
      ['parquet', 1],
      ['csv', 1],
    ]);
    const csv = (await lake.lake.get(files[1]!.key)).body.toString().split('\n');
    expect(csv[0]!.split(',')).toEqual(MERCHANT_DAY.columns.map(({ name }) => name));
    expect(csv[1]).toMatch(/^2018-10-07,9,.*,0,final,{9}$/);

    expect(await lake.compare(earlier)).toMatchObject({ outcome: 'committed' });
    expect(changesOf((await lake.rows(earlier))[0]!)).toEqual(Array(9).fill(null));
    await lake.publish(dayBefore(DAY, 2), [shown(5)]);
    expect(await lake.compare(earlier)).toMatchObject({ outcome: 'committed' });
    expect((await lake.rows(earlier))[0]!.users_vs_prev_day).toBe(1);
  });
});

function changesOf(row: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(row)
    .filter(([name]) => /_vs_(prev_day|7d|same_weekday)$/.test(name))
    .map(([, value]) => value);
}
