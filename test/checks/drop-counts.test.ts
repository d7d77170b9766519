/** Completeness drop by drop: which drop a duplicate is of, and a drop whose rows went missing is named. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHeadManifest } from '../../lake/manifest.ts';
import { readCheckResults } from '../../tasks/checks/check-store.ts';
import { dropsAddUp } from '../../tasks/checks/completeness.ts';
import { type DayFacts, type DropFacts, readDayFacts } from '../../tasks/checks/day-facts.ts';
import { dayParamsSchema } from '../../tasks/day-params.ts';
import { readDayInputs } from '../../tasks/ingest/day-inputs.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();
const DAY = '2018-10-01';
let lake: NightlyLake;
let facts: DayFacts;

const row = (minute: number, more: Partial<RawRow> = {}): RawRow => ({
  timestamp: `${DAY}T10:${String(minute).padStart(2, '0')}:00-04:00`,
  ...{ user: `u${minute % 5}`, event: 'flyer_open', flyer: 'f1', merchant: 'm1', ...more },
});

beforeAll(async () => {
  lake = await openNightlyLake(dir.path);
  const minutes = Array.from({ length: 20 }, (_, minute) => minute);
  lake.drop(
    'a.csv',
    minutes.map((minute) => row(minute)),
  );
  // Half of it again, two rows three times, three new ones, of which one is bad.
  lake.drop('b.csv', [
    ...minutes.slice(0, 10).map((minute) => row(minute)),
    ...[row(0), row(1), row(30), row(31), row(32, { event: 'nothing' })],
  ]);
  // R4 by identity: the later one goes, whatever it says; a third is the day before's, and stays there.
  lake.drop('c.ndjson', [
    row(40, { eventId: 'x1' }),
    row(41, { eventId: 'x1', user: 'u0' }),
    { ...row(42), timestamp: '2018-09-30T23:00:00-04:00' },
  ]);
  await lake.run(DAY, { rejected_share_max: 1 });
  const { inputsKey } = (await readHeadManifest(lake.lake, 'clean_events', DAY))!;
  const { token } = (await readCheckResults(lake.lake, DAY))!;
  const inputs = await readDayInputs(lake.lake, inputsKey!);
  const tables = { day: DAY, dq: {}, tables: {}, tokens: { clean_events: token } };
  const rejectedOf = (drop: string) => (drop === 'b.csv' ? 1 : 0);
  facts = await readDayFacts(lake.lake, inputs, tables, dayParamsSchema.parse({}), rejectedOf);
}, 60_000);
afterAll(() => lake.close());

const byKey = (drops: readonly DropFacts[]) =>
  Object.fromEntries(
    drops.map(({ key, readCount, keptCount, duplicateCount, rejectedCount }) => [
      key,
      [readCount, keptCount, duplicateCount, rejectedCount],
    ]),
  );

it('counts rows read, kept, duplicate and rejected of each drop of the day', () => {
  expect(byKey(facts.drops)).toEqual({
    'a.csv': [20, 20, 0, 0],
    'b.csv': [15, 2, 12, 1],
    'c.ndjson': [2, 1, 1, 0],
  });
});

it('keeps the results with the day', async () => {
  const { results } = (await readCheckResults(lake.lake, DAY))!;
  expect(results.find(({ name }) => name === 'drops_add_up')).toMatchObject({
    ...{ status: 'passed', detail: '3 drops add up to 37 rows, 23 kept' },
  });
});

it('names the drop whose rows went missing', () => {
  const drops = facts.drops.map((drop) =>
    drop.key === 'b.csv' ? { ...drop, keptCount: drop.keptCount - 2 } : drop,
  );
  expect(dropsAddUp({ ...facts, drops })).toMatchObject({
    ...{ observed: 1, isGood: false },
    detail: 'drop b.csv: 15 rows read, but 0 kept + 12 duplicate + 1 rejected',
  });
});

it('finds that a whole drop is missing from the day', () => {
  const rowsOf = () => 23;
  const found = dropsAddUp({ ...facts, drops: facts.drops.slice(1), rowsOf });
  expect(found.isGood).toBe(false);
  expect(found.detail).toBe('2 drops add up to 17 rows, 3 kept, but the day has 37 rows, 23 kept');
});
