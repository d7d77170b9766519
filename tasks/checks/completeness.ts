/** Completeness: every row that was read is kept, a duplicate, or rejected with a reason; of the day, and drop by drop. */

import type { DayFacts, DropFacts } from './day-facts.ts';
import type { Observation } from './declare.ts';

const DROPS_NAMED_MAX = 3;
const REJECTED = 'rows_quarantined_';

export function rejectedCount(dq: DayFacts['dq']): number {
  return Object.entries(dq).reduce(
    (sum, [name, value]) => (name.startsWith(REJECTED) ? sum + value : sum),
    0,
  );
}

export function rejectedShare({ dq }: Pick<DayFacts, 'dq'>): number {
  const read = dq.rows_read ?? 0;
  return read === 0 ? 0 : rejectedCount(dq) / read;
}

export function duplicateShare({ dq }: Pick<DayFacts, 'dq'>): number {
  const read = dq.rows_read ?? 0;
  return read === 0 ? 0 : (dq.rows_dropped_duplicate ?? 0) / read;
}

/** Of the day: what ingest pinned, what cleansing counted and what the tables hold are the same rows. */
export function rowsAddUp({ inputs, dq, rowsOf }: DayFacts): Observation {
  const [read, duplicate] = [dq.rows_read ?? 0, dq.rows_dropped_duplicate ?? 0];
  const [kept, rejected] = [rowsOf('clean_events'), rowsOf('rejected_events')];
  const missing = inputs.rowsRead - kept - duplicate - rejected;
  const isGood =
    missing === 0 && read === inputs.rowsRead && kept === dq.events_kept && rejected === rejectedCount(dq);
  return {
    observed: missing,
    isGood,
    expected: '0 rows unaccounted for',
    detail: `${read} rows read of ${inputs.rowsRead} pinned = ${kept} kept + ${duplicate} duplicate + ${rejected} rejected`,
  };
}

/** Drop by drop: no drop lost rows to another, or on the way from ingest to cleansing; and together they are the day. */
export function dropsAddUp({ drops, inputs, rowsOf }: DayFacts): Observation {
  const expected = '0 drops';
  const wrong = drops.filter(
    (drop) => drop.readCount !== drop.keptCount + drop.duplicateCount + drop.rejectedCount,
  );
  if (wrong.length > 0) {
    const rest = wrong.length > DROPS_NAMED_MAX ? `; and ${wrong.length - DROPS_NAMED_MAX} more` : '';
    const detail = `${wrong.slice(0, DROPS_NAMED_MAX).map(sumOf).join('; ')}${rest}`;
    return { observed: wrong.length, isGood: false, expected, detail };
  }
  const read = drops.reduce((sum, { readCount }) => sum + readCount, 0);
  const kept = drops.reduce((sum, drop) => sum + drop.keptCount, 0);
  const isDay = drops.length === 0 || (read === inputs.rowsRead && kept === rowsOf('clean_events'));
  const found = `${drops.length} ${drops.length === 1 ? 'drop adds' : 'drops add'} up to ${read} rows, ${kept} kept`;
  const instead = `, but the day has ${inputs.rowsRead} rows, ${rowsOf('clean_events')} kept`;
  return { observed: 0, isGood: isDay, expected, detail: isDay ? found : found + instead };
}

function sumOf({ key, readCount, keptCount, duplicateCount, rejectedCount: rejected }: DropFacts): string {
  return `drop ${key}: ${readCount} rows read, but ${keptCount} kept + ${duplicateCount} duplicate + ${rejected} rejected`;
}

/** So many rejected rows that a wrong format is likelier than some broken lines. */
export function fewRejected(facts: DayFacts): Observation {
  const share = rejectedShare(facts);
  const max = facts.params.rejected_share_max;
  return {
    observed: share,
    isGood: share <= max,
    expected: `at most ${percent(max)}`,
    detail: `${rejectedCount(facts.dq)} of ${facts.dq.rows_read ?? 0} rows are rejected (${percent(share)}, limit ${percent(max)})`,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
