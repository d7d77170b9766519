/** What the demo found: runs, partitions, counts and dwell next to the truth. */
import type { TaskError } from '../../engine/run-model.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import { bar } from '../terminal/bar.ts';
import { wrap } from '../terminal/wrap.ts';
import { formatBytes, formatCount, formatShare, type Style, table } from '../terminal.ts';
import type { Comparison, CountCheck, MerchantComparison } from './compare.ts';
import type { PublishedPartition } from './published.ts';
import { runGrid } from './run-grid.ts';

export interface ReportContext {
  readonly style: Style;
  /** Width of the terminal. */
  readonly columns: number;
}

const MERCHANTS_SHOWN = 12;
/** Means of some hundred views each cannot miss this by chance. */
const CORRELATION_MIN = 0.99;

export function runsReport(
  runs: readonly RunSummary[],
  taskIds: readonly string[],
  context: ReportContext,
): string {
  const byDay = new Map(runs.map((run) => [run.day, run]));
  const grid = runGrid([...byDay.keys()], byDay, taskIds, { ...context, frame: 0 });
  const failures = runs.flatMap(({ day, tasks }) =>
    tasks.flatMap(({ taskId, error }) =>
      error === undefined ? [] : ['', ...failureLines(day, taskId, error, context)],
    ),
  );
  return [...grid, ...failures].join('\n');
}

function failureLines(
  day: string,
  taskId: string,
  { code, message }: TaskError,
  { style, columns }: ReportContext,
): string[] {
  return [
    `${style.red('✗')} ${style.bold(`${taskId} of ${day}`)} ${style.dim(code)}`,
    ...wrap(message, columns - 3).map((line) => `  ${line}`),
  ];
}

export function partitionsReport(
  partitions: readonly PublishedPartition[],
  { style }: ReportContext,
): string {
  const days = [...new Set(partitions.map(({ day }) => day))].sort();
  const rows = [...Map.groupBy(partitions, (partition) => partition.table)].map(([name, ofTable]) => ({
    name,
    rowCounts: new Map(ofTable.map(({ day, rowCount }) => [day, rowCount])),
    size: ofTable.reduce((sum, { exportedSize }) => sum + exportedSize, 0),
  }));
  return section(
    'Published, one partition per table and day (rows)',
    table(
      rows,
      [
        { header: 'table', value: (row) => row.name },
        ...days.map((day) => ({
          header: day,
          value: (row: (typeof rows)[number]) => optional(row.rowCounts.get(day), formatCount),
          align: 'right' as const,
        })),
        { header: 'exports', value: (row) => (row.size === 0 ? '' : formatBytes(row.size)), align: 'right' },
      ],
      style,
    ),
    style,
  );
}

export function countsReport({ counts }: Comparison, { style }: ReportContext): string {
  const days = [...new Set(counts.map(({ day }) => day))];
  const rows = [...Map.groupBy(counts, ({ what }) => what)].map(([what, checks]) => ({
    what,
    checks: new Map(checks.map((check) => [check.day, check])),
  }));
  const wrong = counts.filter(({ ok }) => !ok).length;
  const verdict =
    wrong === 0
      ? `${style.green('✓')} All ${counts.length} figures are those of the generator's books.`
      : `${style.red('✗')} ${wrong} of ${counts.length} figures differ from the generator's books (found, expected).`;
  return section(
    'Counted',
    `${table(
      rows,
      [
        { header: '', value: (row) => row.what },
        ...days.map((day) => ({
          header: day,
          value: (row: (typeof rows)[number]) =>
            optional(row.checks.get(day), (check) => countCell(check, style)),
          align: 'right' as const,
        })),
      ],
      style,
    )}\n\n${verdict}`,
    style,
  );
}

export function dwellReport(comparison: Comparison, context: ReportContext): string {
  const { style, columns } = context;
  const shown = comparison.merchants.slice(0, MERCHANTS_SHOWN);
  const longest = Math.max(...shown.flatMap(({ trueMeanS, measuredMeanS }) => [trueMeanS, measuredMeanS]));
  const barWidth = Math.max(10, Math.min(48, columns - 50));
  const more = comparison.merchants.length - shown.length;
  return section(
    `Time on a flyer, per view: true (${style.yellow('┃')}) and measured (${style.cyan('█')})`,
    [
      table(
        shown,
        [
          { header: 'merchant', value: (row) => row.merchantId },
          { header: 'views', value: (row) => formatCount(row.views), align: 'right' },
          { header: 'true', value: (row) => `${row.trueMeanS.toFixed(1)} s`, align: 'right' },
          { header: 'measured', value: (row) => `${row.measuredMeanS.toFixed(1)} s`, align: 'right' },
          { header: 'error', value: (row) => errorCell(row), align: 'right' },
          { header: '', value: (row) => twoBars(row, longest, barWidth, style) },
        ],
        style,
      ),
      more > 0 ? style.dim(`… and ${more} more`) : '',
      '',
      ...verdictOnDwell(comparison, context),
    ]
      .filter((line, i, lines) => line !== '' || lines[i - 1] !== '')
      .join('\n'),
    style,
  );
}

function verdictOnDwell(comparison: Comparison, { style, columns }: ReportContext): string[] {
  const { merchantDays, merchantDaysExact, merchantDaysHidden, correlation, censoredShare } = comparison;
  const sign = (ok: boolean) => (ok ? style.green('✓') : style.red('✗'));
  const hidden =
    merchantDaysHidden === 0 ? '' : `; ${merchantDaysHidden} are hidden, with under 11 users (rule R16)`;
  return [
    `${sign(merchantDaysExact === merchantDays)} ${merchantDaysExact} of ${merchantDays} merchant-days say what the events say, to the millisecond${hidden}.`,
    `${sign(correlation > CORRELATION_MIN)} Correlation of measured and true over all merchants: ${correlation.toFixed(4)}.`,
    ...wrap(
      `Why not equal: ${formatShare(censoredShare)} of views end unseen, the app just put down. They count as far as their ` +
        'events reach, or not at all (rule R9). The other views are measured exactly.',
      columns - 1,
    ).map(style.dim),
  ];
}

function countCell(check: CountCheck, style: Style): string {
  const found = formatCount(check.found);
  return check.ok
    ? `${found} ${style.green('✓')}`
    : `${style.red(`${found}, ${formatCount(check.expected)}`)} ${style.red('✗')}`;
}

function errorCell({ trueMeanS, measuredMeanS }: MerchantComparison): string {
  const percent = ((measuredMeanS / trueMeanS - 1) * 100).toFixed(1);
  return `${percent.replace(/^-0\.0$/, '0.0').replace('-', '−')} %`;
}

/** The measured mean as a bar, the true one as a mark in it or behind it. */
function twoBars(
  { trueMeanS, measuredMeanS }: MerchantComparison,
  longest: number,
  width: number,
  style: Style,
): string {
  const measured = bar(measuredMeanS, longest, width);
  const mark = Math.min(width - 1, Math.round((trueMeanS / longest) * width));
  const padded = measured.padEnd(mark + 1);
  return style.cyan(padded.slice(0, mark)) + style.yellow('┃') + style.cyan(padded.slice(mark + 1).trimEnd());
}

export function section(title: string, body: string, style: Style): string {
  return `${style.bold(title)}\n\n${body}`;
}

function optional<T>(value: T | undefined, text: (value: T) => string): string | undefined {
  return value === undefined ? undefined : text(value);
}
