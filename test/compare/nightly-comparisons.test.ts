/** Comparisons through whole nightly runs over ten days, against a slow reading of R18: in any order, with late drops, run again. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHeadManifest } from '../../lake/manifest.ts';
import { readSnapshot } from '../../lake/table-log.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { comparisonsOf } from '../dwell/reference/comparisons.ts';
import { referenceTables } from '../dwell/reference/tables.ts';
import type { Row } from '../support/compute-days.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();
const DAYS = Array.from({ length: 10 }, (_, index) => `2018-10-${String(index + 1).padStart(2, '0')}`);
const METRIC = { k_min_users: 4 };
const PARAMS = { ...METRIC, known_at: '2019-01-01T00:00:00Z' };

/** Per day 4 merchants with 0 to 11 visits each: some rows are suppressed, some merchants stay away, some visits are not measured. */
const rowsOfDay = DAYS.map((day, index) =>
  [0, 1, 2, 3].flatMap((merchant) => {
    const count = merchant === 0 ? 6 + ((index * 5) % 6) : (index * 7 + merchant * 5) % 12;
    return Array.from({ length: count }, (_, visitor) => {
      const seconds = visitor % 5 === 4 ? 0 : (index * 131 + merchant * 37 + visitor * 53) % 400;
      return visit(day, `m${merchant}`, `u${visitor}`, seconds);
    }).flat();
  }),
);
const LATE = visit('2018-10-02', 'm0', 'late', 333).concat(visit('2018-10-02', 'm2', 'later', 111));

let inOrder: NightlyLake;
beforeAll(async () => {
  inOrder = await lakeWithDrops();
  for (const day of DAYS) await inOrder.run(day, PARAMS);
}, 120_000);
afterAll(() => inOrder.close());

describe('merchant_day over ten days', { timeout: 120_000 }, () => {
  it('equals the reference, row for row, and has all kinds of comparisons', async () => {
    const rows = await merchantDays(inOrder);
    expectReference(rows, rowsOfDay.flat());
    for (const column of Object.keys(comparisonsOf([], DAYS[0]!, ''))) {
      const compared = rows.filter((row) => row[column] !== null).length;
      expect([compared > 0, compared < rows.length], column).toEqual([true, true]);
    }
    expect(rows.filter(({ suppressed }) => suppressed === 1).length).toBeGreaterThan(3);
  });

  it('has the same bytes when days are run newest first, two at a time', async () => {
    const other = await lakeWithDrops();
    const left = [...DAYS];
    const runner = async () => {
      for (let day = left.pop(); day !== undefined; day = left.pop()) await other.run(day, PARAMS);
    };
    await Promise.all([runner(), runner()]);
    for (const day of DAYS) {
      for (const format of ['csv', 'parquet'] as const)
        expect(bytes(other, day, format).equals(bytes(inOrder, day, format)), `${format} of ${day}`).toBe(
          true,
        );
    }
    await other.close();
  });

  it('is compared anew up to seven days after a day that a late drop changed, and nothing else is touched', async () => {
    const heads = await headTokens(inOrder);
    inOrder.drop('late.csv', LATE);
    await inOrder.run('2018-10-02', PARAMS);
    expectReference(await merchantDays(inOrder), [...rowsOfDay.flat(), ...LATE]);
    const changed = changesIn(heads, await headTokens(inOrder));
    expect(
      changed.filter(([table]) => table !== 'merchant_day').every(([, day]) => day === '2018-10-02'),
    ).toBe(true);
    const compared = changed.filter(([table]) => table === 'merchant_day').map(([, day]) => day);
    // Those with a merchant that is shown, and was shown before.
    expect(compared).toEqual(DAYS.slice(1, 9).filter((day) => compared.includes(day)));
    expect(compared).toEqual(expect.arrayContaining(['2018-10-02', '2018-10-03', '2018-10-09']));
  });

  it('stays as it is when a day is run again: nothing to do, and the same bytes when forced', async () => {
    const before = await headTokens(inOrder);
    const again = await inOrder.run('2018-10-10', PARAMS);
    expect(again.tasks.find(({ taskId }) => taskId === 'compare-merchants')?.state).toBe('skipped');
    const forced = await inOrder.run('2018-10-10', { ...PARAMS, force: true });
    const published = forced.tasks.find(({ taskId }) => taskId === 'compare-merchants')?.result as {
      tables: { table: string; outcome: string }[];
    };
    expect(published.tables.map(({ outcome }) => outcome)).toEqual(Array(9).fill('unchanged'));
    expect(changesIn(before, await headTokens(inOrder))).toEqual([]);
  });
});

describe('a day that becomes final', { timeout: 120_000 }, () => {
  it('gets new versions of the tables that say so when it is run again, once', async () => {
    const lake = await lakeWithDrops();
    const [day] = DAYS as [string];
    const statuses = async () => {
      const rows = [...(await lake.rows('merchant_day', day)), ...(await lake.rows('flyer_day', day))];
      const manifests = await Promise.all(
        ['merchant_day', 'user_day'].map((table) => readHeadManifest(lake.lake, table, day)),
      );
      return [...new Set([...rows, ...manifests].map((one) => one?.status))];
    };
    await lake.run(day, { ...METRIC, known_at: '2018-10-02T03:15:00-04:00' });
    expect(await statuses()).toEqual(['provisional']);
    await lake.run(day, { ...METRIC, known_at: '2018-10-05T03:15:00-04:00' });
    expect(await statuses()).toEqual(['final']);
    const heads = await headTokens(lake);
    const again = await lake.run(day, METRIC);
    expect(again.tasks.find(({ taskId }) => taskId === 'build-reports')?.state).toBe('skipped');
    expect(changesIn(heads, await headTokens(lake))).toEqual([]);
    await lake.close();
  });
});

async function lakeWithDrops(): Promise<NightlyLake> {
  const lake = await openNightlyLake(temp.path);
  for (const [index, day] of DAYS.entries()) lake.drop(`${day}.csv`, rowsOfDay[index]!);
  return lake;
}

/** A visit of some seconds to the merchant's flyer; of 0 seconds: one that is not measured. */
function visit(day: string, merchant: string, user: string, seconds: number): RawRow[] {
  const at = (second: number) =>
    `${new Date(Date.parse(`${day}T10:00:00Z`) + second * 1000).toISOString().slice(0, 19)}-04:00`;
  const by = { user: `${user}-${merchant}`, flyer: '1', merchant };
  const open = { ...by, timestamp: at(0), event: 'flyer_open' };
  return seconds === 0 ? [open] : [open, { timestamp: at(seconds), user: by.user, event: 'list_flyers' }];
}

function expectReference(rows: readonly Row[], events: readonly RawRow[]): void {
  const metrics = DAYS.flatMap((day) => referenceTables(day, events, METRIC).merchant_metrics);
  const expected = metrics.map((row) => ({
    ...row,
    ...comparisonsOf(metrics, String(row.day), String(row.merchant_id)),
  }));
  expect(rows.map(({ status: _, ...row }) => rounded(row))).toEqual(expected.map(rounded));
}

const merchantDays = async (lake: NightlyLake): Promise<Row[]> =>
  (await Promise.all(DAYS.map((day) => lake.rows('merchant_day', day)))).flat();

const bytes = (lake: NightlyLake, day: string, format: 'csv' | 'parquet'): Buffer =>
  readFileSync(lake.current('merchant_day', day, format));

/** Table and day → which files hold it. */
async function headTokens(lake: NightlyLake): Promise<Map<string, string>> {
  const heads = new Map<string, string>();
  for (const { name } of LAKE_TABLES) {
    for (const file of (await readSnapshot(lake.lake, name)).files.values()) {
      const day = /dt=([\d-]+)/.exec(file.key)![1]!;
      heads.set(`${name} ${day}`, `${heads.get(`${name} ${day}`) ?? ''} ${file.sha256}`);
    }
  }
  return heads;
}

function changesIn(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[][] {
  return [...after]
    .filter(([name, files]) => before.get(name) !== files)
    .map(([name]) => name.split(' '))
    .sort();
}

/** The last bits of a quotient depend on the order of its operations. */
function rounded(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toFixed(9)) : value,
    ]),
  );
}
