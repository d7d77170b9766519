/** Completeness: every row that was read is kept, a duplicate, or rejected with a reason. */
import type { DayTablesRef } from '../refs.ts';
import type { CheckResult } from './check-result.ts';

const QUARANTINED = 'rows_quarantined_';

export function checkCounts(
  tables: Pick<DayTablesRef, 'dq' | 'tables'>,
  rowsPinned: number,
  rejectedShareMax: number,
): CheckResult[] {
  const { dq } = tables;
  const count = (name: string) => dq[name] ?? 0;
  const rejected = Object.keys(dq)
    .filter((name) => name.startsWith(QUARANTINED))
    .reduce((sum, name) => sum + count(name), 0);
  const read = count('rows_read');
  const kept = count('events_kept');
  const duplicate = count('rows_dropped_duplicate');
  const share = read === 0 ? 0 : rejected / read;
  return [
    {
      name: 'completeness',
      ok: read === kept + duplicate + rejected && read === rowsPinned,
      detail: `${read} rows read of ${rowsPinned} pinned = ${kept} kept + ${duplicate} duplicate + ${rejected} rejected`,
    },
    sameRows('clean_events holds every kept event', rowsOf(tables, 'clean_events'), kept),
    sameRows('rejected_events holds every rejected row', rowsOf(tables, 'rejected_events'), rejected),
    {
      name: 'rejected share',
      ok: share <= rejectedShareMax,
      detail: `${rejected} of ${read} rows are rejected (${percent(share)}, limit ${percent(rejectedShareMax)})`,
    },
  ];
}

function rowsOf(tables: Pick<DayTablesRef, 'tables'>, table: string): number {
  return (tables.tables[table] ?? []).reduce((sum, file) => sum + file.rowCount, 0);
}

function sameRows(name: string, found: number, expected: number): CheckResult {
  return { name, ok: found === expected, detail: `${found} rows, ${expected} expected` };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
