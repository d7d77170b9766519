/** The demo's last words: where everything is, and what to try next. */
import { padEnd } from '../terminal/width.ts';
import { formatDuration } from '../terminal.ts';
import type { DemoDir } from './demo-dir.ts';
import { type ReportContext, section } from './report-section.ts';
import type { DemoStack } from './stack.ts';

export function heading(days: readonly string[], { style }: ReportContext): string {
  const span = days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`;
  return `${style.bold(`nightly, ${span}`)} ${style.dim('through the queues, task by task')}`;
}

/** @param paths as a user here would type them */
export function whereReport(paths: DemoDir, days: readonly string[], { style }: ReportContext): string {
  const [day] = days;
  return section(
    'Where it is',
    pairs(
      [
        ['drops', `${paths.data}/drops`],
        ['truth', `${paths.data}/truth.json`],
        ['csv', `${paths.lake}/current/csv/merchant_day/dt=${day}/merchant_day.csv`],
        ['parquet', `${paths.lake}/current/parquet/merchant_day/dt=${day}/merchant_day.parquet`],
        ['delta', `${paths.lake}/tables/merchant_day`],
        ['logs', paths.logs],
      ],
      style.dim,
    ),
    style,
  );
}

/** @param serving whether Redis and the workers go on */
export function nextReport(
  paths: DemoDir,
  days: readonly string[],
  serving: boolean,
  context: ReportContext,
): string {
  const { style } = context;
  const [first, last] = [days[0], days.at(-1)];
  const rows: readonly (readonly [command: string, what: string])[] = [
    [`export FLYERLINE_CONFIG=${paths.config}`, 'its drops, its lake'],
    [`./flyerline run nightly --date ${first}`, 'again: nothing to do'],
    [`./flyerline run nightly --date ${first} --force`, 'anew: the same bytes'],
    [`./flyerline partitions show merchant_day ${first}`, 'what it was made from'],
    [`./flyerline export user --from ${first} --to ${last} --out users`, 'users over all days'],
    ...(serving ? whileServing(first!) : AFTERWARDS),
  ];
  return section('Try next', commands(rows, context), style);
}

const AFTERWARDS = [['./flyerline demo --serve', 'the demo, left running']] as const;

const whileServing = (day: string) =>
  [
    ['./flyerline runs list nightly', 'in another terminal: what ran'],
    [`./flyerline trigger nightly --date ${day} --wait`, 'one more, through the queues'],
  ] as const;

export function servingReport(stack: DemoStack, { style }: ReportContext): string {
  return `${style.bold('Redis, the scheduler and both workers go on until Ctrl-C.')} ${style.dim(stack.redisUrl)}`;
}

export function verdict(ok: boolean, durationMs: number, { style }: ReportContext): string {
  const took = style.dim(`in ${formatDuration(durationMs)}`);
  return ok
    ? `${style.green('✓')} ${style.bold('Every row is accounted for, and every figure is right,')} ${took}`
    : `${style.red('✗')} ${style.bold('Something is wrong; see above.')} ${took}`;
}

function pairs(rows: readonly (readonly [string, string])[], dim: (text: string) => string): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${dim(padEnd(name, width))}  ${value}`).join('\n');
}

/** What each is for stands behind the command, or above it where the terminal is too narrow. */
function commands(
  rows: readonly (readonly [command: string, what: string])[],
  { style, columns }: ReportContext,
): string {
  const commandWidth = Math.max(...rows.map(([command]) => command.length));
  const whatWidth = Math.max(...rows.map(([, what]) => what.length));
  const fits = commandWidth + whatWidth + 4 < columns;
  return rows
    .map(([command, what]) =>
      fits
        ? `${padEnd(command, commandWidth)}  ${style.dim(`# ${what}`)}`
        : `${style.dim(`# ${what}`)}\n${command}`,
    )
    .join('\n');
}
