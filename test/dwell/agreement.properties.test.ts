/** The tasks and a slow reading of the definition agree, row for row, on random days. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeDays, computeDrops, type Row } from '../support/compute-days.ts';
import { DAY, type RandomDay, randomDay, timestampText } from '../support/random-streams.ts';
import type { RawRow } from '../support/stage-events.ts';
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

  it('equal it from drops of two formats on, in any report zone, without what was received at an incredible time', {
    timeout: 60_000 + RUNS * 2_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        randomDay({ min: 20, max: 40 }),
        fc.constantFrom(...ZONES),
        async (random, report_tz) => {
          const params = { ...random.params, report_tz };
          const received = random.rows.map(
            (row, index) => [row, DELAYS_MS[index % DELAYS_MS.length]] as const,
          );
          const { tables, days } = await computeDrops(dropsOf(received), [DAY], { params });
          if (days.length === 0) return;
          const believed = received.filter(([, delayMs]) => delayMs === undefined || isCredible(delayMs));
          expectReference({ rows: believed.map(([row]) => row), params }, tables, days[0]!.dq);
        },
      ),
      { numRuns: Math.ceil(RUNS / 4), endOnFailure: process.env.FLYERLINE_PROPERTY_SHRINK === undefined },
    );
  });
});

/** Apia puts its clocks forward on the day before. */
const ZONES = ['event', 'America/Toronto', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
/** How long after its timestamp a row was received; R12 believes what lies between five minutes before and seven days after. */
const DELAYS_MS = [
  undefined,
  2_000,
  -300_000,
  604_800_000,
  -300_001,
  undefined,
  604_800_001,
  0,
  0,
  5_000,
  undefined,
];
const isCredible = (delayMs: number) => delayMs >= -300_000 && delayMs <= 604_800_000;

type ReceivedRow = readonly [row: RawRow, delayMs: number | undefined];

function dropsOf(rows: readonly ReceivedRow[]): Record<string, string> {
  const fields = rows.map(([row, delayMs]) => {
    const instantMs = Date.parse(row.timestamp);
    const { timestamp, user, event, flyer = '', merchant = '', eventId = '', seq = '' } = row;
    const isReceived = delayMs !== undefined && !Number.isNaN(instantMs);
    return {
      ...{ timestamp, user_id: user, event, flyer_id: flyer, merchant_id: merchant, event_id: eventId, seq },
      received_at: isReceived ? timestampText(instantMs + delayMs, 0) : '',
    };
  });
  const [csv, ndjson] = [
    fields.filter((_, index) => index % 3 > 0),
    fields.filter((_, index) => index % 3 === 0),
  ];
  const lines = csv.map((row) => Object.values(row).join(','));
  return {
    'a.csv': [Object.keys(fields[0]!).join(','), ...lines].join('\n'),
    'b.ndjson': ndjson.map((row) => JSON.stringify(row)).join('\n'),
  };
}

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
