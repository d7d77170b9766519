/** What publishing a preview would change, for people. */
import type { Preview } from '../../lake/preview/preview-doc.ts';
import type { PreviewDiff, TableDiff } from '../../tasks/preview/diff-preview.ts';
import type { Change } from '../../tasks/preview/figures.ts';
import type { MerchantChange } from '../../tasks/preview/merchant-diff.ts';
import { MERCHANT_METRICS } from '../../tasks/tables.ts';
import { type Column, formatCount, style, table } from '../terminal.ts';
import { daysText, paramsText } from './preview-text.ts';

const DAY_LINES_MAX = 12;
const CHECK_LINES_MAX = 20;
/** What has nothing to say here; an empty cell would say that something is missing. */
const BLANK = ' ';

export function diffText(preview: Preview, diff: PreviewDiff, { days }: { readonly days: boolean }): string {
  const { merchants } = diff;
  const later = [...new Set(diff.tables.flatMap(({ laterDays }) => laterDays))];
  return [
    `${style.bold(`Preview ${preview.id}`)}, ${preview.days[0]} to ${preview.days.at(-1)}, ${paramsText(preview.params)}`,
    daysText(diff.days, { limit: DAY_LINES_MAX }),
    tablesText(diff.tables),
    ...(later.length === 0 ? [] : [style.dim(`Later days that would be compared anew: ${later.join(', ')}`)]),
    ...(days ? diff.tables.filter((one) => one.days.length > 0).map(tableDaysText) : []),
    merchantsText(merchants),
    ...(merchants.days.length === 0 ? [] : [merchantDaysText(merchants)]),
    checksText(diff),
  ].join('\n\n');
}

interface FigureRow {
  readonly of: string;
  readonly figure: string;
  readonly change: Change;
}

/** A row per figure; what it is of is said once. */
function figureRows(of: string, figures: Readonly<Record<string, Change>>): FigureRow[] {
  return Object.entries(figures)
    .filter(([name, { before, after }]) =>
      name === 'suppressed' ? before || after : (before ?? after) !== null,
    )
    .map(([figure, change], index) => ({ of: index === 0 ? of : BLANK, figure, change }));
}

function figuresTable(header: string, rows: readonly FigureRow[]): string {
  return table(rows, [
    { header, value: ({ of }) => of },
    { header: '', value: ({ figure }) => figure },
    { header: 'Published', value: ({ change }) => figureText(change.before), align: 'right' },
    { header: 'Preview', value: ({ change }) => figureText(change.after), align: 'right' },
    { header: 'Change', value: ({ change }) => differenceText(change), align: 'right' },
    { header: '', value: ({ change }) => shareText(change) ?? BLANK, align: 'right' },
  ]);
}

const tablesText = (tables: readonly TableDiff[]): string =>
  figuresTable(
    'Table',
    // What merchant_day is made of has the figures of merchant_day.
    tables
      .filter(({ table: name }) => name !== MERCHANT_METRICS.name)
      .flatMap(({ table: name, figures }) => figureRows(name, figures)),
  );

const tableDaysText = ({ table: name, days }: TableDiff): string =>
  figuresTable(
    name,
    days.flatMap(({ day, figures }) => figureRows(day, figures)),
  );

function merchantsText({ merchantCount, changedCount, merchants }: PreviewDiff['merchants']): string {
  const rows = merchants.filter(({ figures }) => Object.values(figures).some(isChanged));
  const head =
    `Merchants: ${formatCount(changedCount)} of ${formatCount(merchantCount)} change` +
    (rows.length < changedCount ? `; the ${rows.length} whose dwell changes most` : '');
  return rows.length === 0 ? head : `${head}\n${merchantTable('Merchant', rows)}`;
}

const merchantDaysText = ({ days }: PreviewDiff['merchants']): string => merchantTable('Day', days);

function merchantTable(header: 'Merchant' | 'Day', rows: readonly MerchantChange[]): string {
  const change = (name: string) => (row: MerchantChange) => row.figures[name]!;
  const pair = (name: string, title: string): Column<MerchantChange>[] => [
    { header: title, value: (row) => figureText(change(name)(row).before), align: 'right' },
    { header: '→', value: (row) => figureText(change(name)(row).after), align: 'right' },
    { header: '', value: (row) => shareText(change(name)(row)) ?? style.dim('='), align: 'right' },
  ];
  return table(rows, [
    { header, value: ({ merchantId, day }) => day ?? merchantId },
    ...pair('users', 'Users'),
    ...pair('dwell_s', 'Dwell, s'),
    ...pair('avg_dwell_per_user_s', 'Per user, s'),
  ]);
}

function checksText({ checks, days }: PreviewDiff): string {
  const made = days.some((day) => day.checks !== undefined);
  if (checks.length === 0) return made ? style.green('All checks pass.') : 'No checks were made.';
  const shown = checks.slice(0, CHECK_LINES_MAX);
  const hidden = checks.length - shown.length;
  const text = table(shown, [
    { header: 'Day', value: ({ day }) => day },
    { header: 'Check', value: ({ check }) => check },
    { header: 'Published', value: ({ before }) => before ?? '–' },
    { header: 'Preview', value: ({ after }) => (after === 'blocked' ? style.red(after) : after) },
    { header: '', value: ({ detail }) => detail, widthMax: 100 },
  ]);
  return hidden > 0 ? `${text}\n${style.dim(`and ${formatCount(hidden)} more; --json has all`)}` : text;
}

const isChanged = ({ before, after }: Change): boolean => before !== after;

const figureText = (value: number | null): string | undefined =>
  value === null ? undefined : formatCount(value);

function differenceText({ before, after }: Change): string | undefined {
  const difference = (after ?? 0) - (before ?? 0);
  if (before === after || difference === 0) return style.dim('=');
  return `${difference > 0 ? '+' : '−'}${formatCount(Math.abs(difference))}`;
}

function shareText({ before, after }: Change): string | undefined {
  if (before === null || before === 0 || after === null || before === after) return undefined;
  const share = (after - before) / before;
  return `${share > 0 ? '+' : '−'}${(Math.abs(share) * 100).toFixed(1)} %`;
}
