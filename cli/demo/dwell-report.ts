/** How long views last: what the pipeline measured, beside what the generator knows. */
import { bar } from '../terminal/bar.ts';
import { wrap } from '../terminal/wrap.ts';
import { formatCount, formatShare, type Style, table } from '../terminal.ts';
import type { Comparison, MerchantComparison } from './compare.ts';
import { type ReportContext, section } from './report-section.ts';

const MERCHANTS_SHOWN = 12;
/** Fewer say nothing about correlation. */
const MERCHANTS_MIN = 3;
/** Means of some hundred views each cannot miss this by chance. */
const CORRELATION_MIN = 0.99;

export function dwellReport(comparison: Comparison, context: ReportContext): string {
  const { style, columns } = context;
  const { merchants } = comparison;
  const title = `Time on a flyer, per view: true (${style.yellow('┃')}) and measured (${style.cyan('█')})`;
  if (merchants.length < MERCHANTS_MIN) {
    const few =
      'Nearly all merchants are hidden, with under 11 users a day (rule R16). More --users would show them.';
    return section(title, wrap(few, columns - 1).join('\n'), style);
  }
  const more = merchants.length - MERCHANTS_SHOWN;
  const lines = [
    merchantTable(merchants.slice(0, MERCHANTS_SHOWN), context),
    ...(more > 0 ? [style.dim(`… and ${more} more`)] : []),
    '',
    ...verdictOnDwell(comparison, context),
  ];
  return section(title, lines.join('\n'), style);
}

function merchantTable(merchants: readonly MerchantComparison[], { style, columns }: ReportContext): string {
  const longest = Math.max(
    ...merchants.flatMap(({ trueMeanS, measuredMeanS }) => [trueMeanS, measuredMeanS]),
  );
  const barWidth = Math.max(10, Math.min(48, columns - 50));
  return table(
    merchants,
    [
      { header: 'merchant', value: (row) => row.merchantId },
      { header: 'views', value: (row) => formatCount(row.views), align: 'right' },
      { header: 'true', value: (row) => `${row.trueMeanS.toFixed(1)} s`, align: 'right' },
      { header: 'measured', value: (row) => `${row.measuredMeanS.toFixed(1)} s`, align: 'right' },
      { header: 'error', value: (row) => errorCell(row), align: 'right' },
      { header: '', value: (row) => twoBars(row, longest, barWidth, style) },
    ],
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
