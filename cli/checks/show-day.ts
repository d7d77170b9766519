/** `checks show`: every check of a day, what blocks first. */
import { FlyerlineError } from '../../infra/errors.ts';
import { twentyDigits } from '../../lake/lake-keys.ts';
import {
  CHECK_STATUSES,
  type CheckResult,
  checkId,
  type DayChecks,
} from '../../tasks/checks/check-result.ts';
import { readCheckResults } from '../../tasks/checks/check-store.ts';
import { PROGRAM } from '../help.ts';
import { findTable, type LakeOptions, withLake } from '../lake/open-lake.ts';
import { style, table } from '../terminal.ts';
import { isShown, type NotableOptions, statusText } from './notable.ts';

export interface ShowOptions extends LakeOptions, NotableOptions {
  readonly claim?: number;
}

export async function showDay(day: string, options: ShowOptions): Promise<void> {
  if (options.table !== undefined) findTable(options.table);
  const token = options.claim === undefined ? undefined : twentyDigits(options.claim);
  await withLake(options, 'read', async (lake, { json }) => {
    const found = await readCheckResults(lake, day, token);
    if (found === undefined) throw neverChecked(day, options.claim);
    const shown = { ...found, results: found.results.filter(isShown(options)) };
    process.stdout.write(json ? `${JSON.stringify(shown)}\n` : `${describe(shown)}\n`);
  });
}

function describe(checks: DayChecks): string {
  const { day, status, checkedAt, runId, attempt, token, results } = checks;
  const rank = (result: CheckResult) => -CHECK_STATUSES.indexOf(result.status);
  const sorted = results.toSorted((a, b) => rank(a) - rank(b));
  const parts = [
    `${style.bold(day)}  ${statusText(status)}  ${style.dim(`claim ${Number(token)}, ${runId}, attempt ${attempt}, ${checkedAt.slice(0, 19).replace('T', ' ')} UTC`)}`,
    sorted.length === 0 ? 'No such result.' : resultsTable(sorted),
  ];
  const blocking = checks.results.filter((result) => result.status === 'blocked');
  if (blocking.length > 0) parts.push(acceptHint(day, blocking));
  return parts.join('\n\n');
}

function resultsTable(results: readonly CheckResult[]): string {
  return table(results, [
    { header: 'Check', value: checkId },
    { header: 'Severity', value: ({ severity }) => severity },
    { header: 'Status', value: ({ status, isAccepted }) => statusText(status, isAccepted) },
    { header: 'Observed', value: ({ observed }) => figure(observed), align: 'right' },
    { header: 'Expected', value: ({ expected }) => expected },
    { header: 'z', value: ({ zScore }) => zScore?.toFixed(1), align: 'right' },
    { header: 'Detail', value: ({ detail }) => detail, widthMax: 100 },
  ]);
}

function figure(observed: number | null): string | undefined {
  if (observed === null) return undefined;
  return Number.isInteger(observed)
    ? observed.toLocaleString('en-US')
    : String(Number(observed.toPrecision(4)));
}

function acceptHint(day: string, blocking: readonly CheckResult[]): string {
  const names = blocking.map(checkId).join(',');
  return `${style.dim('To publish it all the same:')} ${PROGRAM} run nightly --date ${day} --param accept_checks=${names}`;
}

function neverChecked(day: string, claim: number | undefined): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Day ${day}`,
    reason: claim === undefined ? 'was never checked' : `has no results of claim ${claim}`,
    remedy: 'see "checks days" for the days that have results',
    retryable: false,
  });
}
