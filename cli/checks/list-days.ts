/** `checks days`: the verdict on each day, and what is behind it. */
import { type CheckResult, checkId, type DayChecks, worstStatus } from '../../tasks/checks/check-result.ts';
import { readChecksOfDays } from '../../tasks/checks/check-store.ts';
import { findTable, type LakeOptions, withLake } from '../lake/open-lake.ts';
import { table } from '../terminal.ts';
import { isShown, type NotableOptions, statusText } from './notable.ts';

export interface DaysOptions extends LakeOptions, NotableOptions {
  readonly from?: string;
  readonly to?: string;
}

const FIRST = '0000-01-01';
const LAST = '9999-12-31';

export async function listDays(options: DaysOptions): Promise<void> {
  if (options.table !== undefined) findTable(options.table);
  const { from = FIRST, to = LAST } = options;
  await withLake(options, 'read', async (lake, { json }) => {
    const shown = (await readChecksOfDays(lake, { from, to }))
      .map((checks) => ({ ...checks, results: checks.results.filter(isShown(options)) }))
      .filter(({ results }) => results.length > 0);
    if (json) process.stdout.write(`${JSON.stringify({ days: shown })}\n`);
    else process.stdout.write(`${shown.length === 0 ? nothing(options) : describe(shown)}\n`);
  });
}

function nothing({ only, from, to }: DaysOptions): string {
  if (only !== undefined) return only === 'failed' ? 'No day is blocked.' : 'No day has a warning.';
  return from === undefined && to === undefined
    ? 'No day has been checked yet.'
    : 'No day between them has been checked.';
}

function describe(days: readonly DayChecks[]): string {
  const notable = ({ results }: DayChecks) => results.filter(({ status }) => status !== 'passed');
  return table(days, [
    { header: 'Day', value: ({ day }) => day },
    { header: 'Verdict', value: ({ results }) => statusText(worstStatus(results)) },
    { header: 'Checks', value: ({ results }) => results.length, align: 'right' },
    { header: 'Warn', value: (day) => countOf(day.results, 'warned'), align: 'right' },
    { header: 'Block', value: (day) => countOf(day.results, 'blocked'), align: 'right' },
    { header: 'Checked at (UTC)', value: ({ checkedAt }) => checkedAt.slice(0, 19).replace('T', ' ') },
    { header: 'Claim', value: ({ token }) => Number(token), align: 'right' },
    { header: 'What', value: (day) => notable(day).map(checkId).join(', '), widthMax: 60 },
  ]);
}

const countOf = (results: readonly CheckResult[], status: CheckResult['status']): number | undefined =>
  results.filter((result) => result.status === status).length || undefined;
