/** What was published, and whether it adds up: rows by table, counts beside the generator's books. */
import { formatBytes, formatCount, type Style, table } from '../terminal.ts';
import type { Comparison, CountCheck } from './compare.ts';
import type { PublishedPartition } from './published.ts';
import { dayColumns, type ReportContext, section } from './report-section.ts';

export function partitionsReport(
  partitions: readonly PublishedPartition[],
  { style, columns }: ReportContext,
): string {
  const days = [...new Set(partitions.map(({ day }) => day))].sort();
  const tables = [...Map.groupBy(partitions, (partition) => partition.table)];
  const body = table(
    tables,
    [
      { header: 'table', value: ([name]) => name },
      ...dayColumns(days, 28, columns).map((column) => ({
        header: column.header,
        value: ([, ofTable]: (typeof tables)[number]) =>
          formatCount(sum(ofTable.filter(({ day }) => column.days.has(day)).map(({ rowCount }) => rowCount))),
        align: 'right' as const,
      })),
      {
        header: 'exports',
        value: ([, ofTable]) => {
          const size = sum(ofTable.map(({ exportedSize }) => exportedSize));
          return size === 0 ? '' : formatBytes(size);
        },
        align: 'right',
      },
    ],
    style,
  );
  return section('Published, one partition per table and day (rows)', body, style);
}

export function countsReport({ counts }: Comparison, { style, columns }: ReportContext): string {
  const days = [...new Set(counts.map(({ day }) => day))];
  const kinds = [...Map.groupBy(counts, ({ what }) => what)];
  const body = table(
    kinds,
    [
      { header: '', value: ([what]) => what },
      ...dayColumns(days, 24, columns).map((column) => ({
        header: column.header,
        value: ([, checks]: (typeof kinds)[number]) =>
          countCell(
            checks.filter(({ day }) => column.days.has(day)),
            style,
          ),
        align: 'right' as const,
      })),
    ],
    style,
  );
  const wrong = counts.filter(({ ok }) => !ok).length;
  const verdict =
    wrong === 0
      ? `${style.green('✓')} All ${counts.length} figures are those of the generator's books.`
      : `${style.red('✗')} ${wrong} of ${counts.length} figures differ from the generator's books (found, expected).`;
  return section('Counted', `${body}\n\n${verdict}`, style);
}

function countCell(checks: readonly CountCheck[], style: Style): string {
  const found = formatCount(sum(checks.map((check) => check.found)));
  if (checks.every(({ ok }) => ok)) return `${found} ${style.green('✓')}`;
  const expected = formatCount(sum(checks.map((check) => check.expected)));
  return style.red(`${found}, ${expected} ✗`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
