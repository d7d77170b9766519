/** The peers of the compute benchmark are exact: otherwise their speed would say nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricParams } from '../../tasks/metric-params.ts';
import cases from '../dwell/cases.json' with { type: 'json' };
import { referenceTables } from '../dwell/reference/tables.ts';
import { PEERS_IN_PROCESS, type PeerInProcess, type ResultRow, runPeer } from '../support/peer-results.ts';
import { DAY, randomDay } from '../support/random-streams.ts';
import { useTempDir } from '../support/temp-dir.ts';

interface Case {
  readonly rule: string;
  readonly name: string;
  /** timestamp, user, event, flyer, merchant */
  readonly input: readonly (readonly string[])[];
  /** user, merchant, flyer, origin, start (HH:MM:SS), events, items, reopens, end, observed, tail, measured, dwell; '' is NULL */
  readonly views: readonly (readonly (string | number)[])[];
  readonly params: Partial<MetricParams>;
  /** merchant, users, measured users, views, measured views, dwell; nothing suppressed */
  readonly merchant?: readonly (readonly (string | number)[])[];
}

const PEERS = Object.keys(PEERS_IN_PROCESS) as PeerInProcess[];
/** All examples are written at this offset. */
const OFFSET_S = -4 * 3600;
/** Peers know no credit mode: the benchmark does not use it. */
const applicable = (cases as unknown as Case[]).filter(({ params }) => params.censored_mode === undefined);

const temp = useTempDir();

describe.each(PEERS)('%s', (peer) => {
  // Bucketed or not, the SQL is the same.
  it.each(peer === 'duckdb, whole' ? [] : applicable)(
    'gives the views of the definition: $rule $name',
    async (example) => {
      const rules = { k_min_users: 1, ...example.params };
      const read = await runPeer(peer, temp.fresh(), example.input.map(rowOf), { day: DAY, rules });
      expect((await read('flyer_views')).map(viewOf).sort()).toEqual(example.views.toSorted());
      if (example.merchant === undefined) return;
      expect((await read('merchant_day')).map(merchantOf)).toEqual(example.merchant);
    },
  );

  it('gives the facts of the reference on random days', { timeout: 60_000 }, async () => {
    const days = fc.sample(randomDay({ min: 150, max: 200 }), { numRuns: 4, seed: 20_181_001 });
    for (const { rows, params } of days) {
      // What peers leave out; drops of the benchmark have neither.
      const plain = rows.map(({ seq: _seq, eventId: _id, ...row }) => row);
      const rules: Partial<MetricParams> = { ...params, censored_mode: 'exclude', fill_merchant: true };
      const read = await runPeer(peer, temp.fresh(), plain, { day: DAY, rules });
      const expected = referenceTables(DAY, plain, rules);
      expect(inOrder(await read('user_flyer_day'))).toEqual(inOrder(expected.user_flyer_day));
      expect(inOrder(await read('user_day'))).toEqual(inOrder(expected.user_day));
    }
  });
});

function rowOf([timestamp, user, event, flyer, merchant]: readonly string[]) {
  return { timestamp: timestamp!, user: user!, event: event!, flyer: flyer!, merchant: merchant! };
}

function viewOf(row: ResultRow): (string | number)[] {
  const start = new Date((Number(row.start_ts) + OFFSET_S) * 1000).toISOString().slice(11, 19);
  const before = [row.user_id, row.merchant_id, row.flyer_id, row.origin, start];
  const after = [row.n_events, row.item_opens, row.reopens, row.end_reason, row.observed_s, row.tail_s];
  return [...before, ...after, row.measured, row.dwell_s].map((value) => value ?? '');
}

function merchantOf(row: ResultRow) {
  return [row.merchant_id, row.users, row.measured_users, row.views, row.measured_views, row.dwell_s];
}

/** The last bits of a quotient depend on the order of its operations. */
function inOrder(rows: readonly ResultRow[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .map(([name, value]) => [name, typeof value === 'number' ? Number(value.toFixed(9)) : value])
          .sort(),
      ),
    )
    .sort();
}
