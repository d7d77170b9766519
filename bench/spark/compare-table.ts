/** Whether a reader saw the table as it is: a finding for each thing that it could see wrong. */
import { isDeepStrictEqual } from 'node:util';
import type { Finding, SparkSeen, WantedTable } from './result.ts';

/** The day that is read alone: the one that was rolled back. */
export const DAY = '2018-10-02';

export function compareTable(seen: SparkSeen, wanted: WantedTable): Finding[] {
  const finding = (what: string, one: unknown, other: unknown): Finding => ({
    what,
    ok: isDeepStrictEqual(one, other),
  });
  const rowCount = Object.values(wanted.days).reduce((sum, [rows = 0]) => sum + rows, 0);
  return [
    finding('the version', seen.version, wanted.version),
    finding('the columns, their types and which may be NULL', seen.columns, wanted.columns),
    finding('rows, sums and NULLs of every day', seen.days, wanted.days),
    finding('one day alone', seen.oneDay, { [DAY]: wanted.days[DAY] }),
    ...Object.entries(wanted.past).map(([version, days]) =>
      finding(`version ${version}`, seen.past[version], days),
    ),
    finding('the rows of the ready-made snippet', seen.snippetRows, rowCount),
  ];
}
