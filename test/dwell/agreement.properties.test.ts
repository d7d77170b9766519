/** The tasks and a slow reading of the definition agree, row for row, on random days. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeDays, type Row } from '../support/compute-days.ts';
import { DAY, type RandomDay, randomDay } from '../support/random-streams.ts';
import { referenceTables } from './reference/tables.ts';

/** Each run computes a day of up to 60 users, that is as many streams. */
const RUNS = Number(process.env.FLYERLINE_PROPERTY_RUNS ?? 15);

const TABLES = ['flyer_views', 'user_flyer_day', 'user_day', 'merchant_metrics', 'flyer_day'] as const;

describe('the tables of a day', () => {
  it('equal the reference, row for row, whatever the events', {
    timeout: 60_000 + RUNS * 5_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(randomDay({ min: 20, max: 60 }), fc.constantFrom(1, 4), async (random, buckets) => {
        const { tables, days } = await computeDays(random.rows, {
          params: random.params,
          buckets,
          days: [DAY],
        });
        if (days.length === 0) return;
        expectReference(random, tables, days[0]!.dq);
      }),
      // Making a counterexample smaller takes minutes here: ask for it with FLYERLINE_PROPERTY_SHRINK=1 and the seed.
      { numRuns: RUNS, endOnFailure: process.env.FLYERLINE_PROPERTY_SHRINK === undefined },
    );
  });
});

function expectReference(
  { rows, params }: RandomDay,
  tables: Readonly<Record<string, readonly Row[]>>,
  dq: Readonly<Record<string, number>>,
): void {
  const reference = referenceTables(DAY, rows, params);
  for (const table of TABLES)
    expect(tables[table]!.map(comparable), table).toEqual(reference[table].map(comparable));
  expect(dq).toMatchObject(reference.dq);
}

/** The last bits of a quotient depend on the order of its operations; no reader of a table sees them. */
function comparable({ status: _, ...row }: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? Number(value.toFixed(9)) : value,
    ]),
  );
}
