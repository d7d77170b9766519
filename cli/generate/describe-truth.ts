/** What was generated, for people: rows by producer, dirt by kind, and how long each merchant is really looked at. */
import type { Truth } from '../../tasks/generate-drops.ts';
import { bar } from '../terminal/bar.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';

export interface DescribeOptions {
  readonly dropsPath: string;
  readonly truthPath: string;
  /** Width of the terminal. */
  readonly columns: number;
}

const MERCHANTS_SHOWN = 10;
const BAR_WIDTH_MAX = 40;

export function describeTruth(truth: Truth, { dropsPath, truthPath, columns }: DescribeOptions): string {
  const { start, days } = truth.options;
  return [
    '',
    style.bold(`${formatCount(truth.totals.rows_read)} rows of ${plural(days, 'day')} from ${start}`),
    '',
    producerTable(truth),
    '',
    style.bold('Dirt, planted and counted'),
    '',
    dirtTable(truth, columns),
    '',
    style.bold(`How long a view really lasts: the ${MERCHANTS_SHOWN} most popular merchants`),
    '',
    merchantTable(truth, columns),
    '',
    `${style.dim('drops')}  ${dropsPath}`,
    `${style.dim('truth')}  ${truthPath}`,
    `${style.dim('next')}   ./flyerline run nightly --date ${start} --drops ${dropsPath} --lake lake-data`,
  ].join('\n');
}

interface ProducerRow {
  readonly producer: string;
  readonly format: string;
  readonly drops: number;
  readonly rows: number;
  readonly bytes: number;
}

function producerTable(truth: Truth): string {
  const rows = [...Map.groupBy(truth.drops, (drop) => drop.producer)].map(
    ([producer, drops]): ProducerRow => ({
      producer,
      format: drops[0]!.key.replace(/^[^.]*\./, ''),
      drops: drops.length,
      rows: drops.reduce((sum, drop) => sum + drop.rows, 0),
      bytes: drops.reduce((sum, drop) => sum + drop.bytes, 0),
    }),
  );
  return table(
    rows.sort((a, b) => b.rows - a.rows),
    [
      { header: 'producer', value: (row) => row.producer },
      { header: 'format', value: (row) => row.format },
      { header: 'drops', value: (row) => formatCount(row.drops), align: 'right' },
      { header: 'rows', value: (row) => formatCount(row.rows), align: 'right' },
      { header: 'size', value: (row) => formatBytes(row.bytes), align: 'right' },
    ],
  );
}

function dirtTable({ totals, bot }: Truth, columns: number): string {
  const { rejected, duplicates } = totals;
  const rows: readonly (readonly [kind: string, rows: number | undefined, what: string])[] = [
    ['duplicates', sum(duplicates), 'events that come more than once (rule R4)'],
    ['· sent twice', duplicates.sent_twice, 'again within seconds'],
    ['· redelivered', duplicates.redelivered, 'again within a day, in a later drop'],
    ['· other format', duplicates.other_format, 'by another producer as well'],
    ['· other offset', duplicates.other_offset, 'the same instant, written with another offset'],
    ['· other null', duplicates.respelled_null, 'an unknown id, spelled differently'],
    ['no events', sum(rejected), 'rows that rule R1 rejects'],
    ['· bad timestamp', rejected.bad_timestamp, '"garbage", a date alone, an hour 25'],
    ['· no offset', rejected.timestamp_without_offset, '2018-10-01T10:00:10'],
    ['· truncated', rejected.truncated, 'a line cut off, half a JSON object'],
    ['· no user', rejected.missing_user, 'an empty user_id'],
    ['· unknown event', rejected.unknown_event, 'page_ping'],
    ['· clock ahead', rejected.clock_ahead, 'an hour later than it was received (rule R12)'],
    ['null flyers', totals.null_spelling_flyer, 'null, %3Cnull%3G, None, \\N, … (rule R2)'],
    ['null merchants', totals.null_spelling_merchant, 'the same'],
    ['merchant gaps', totals.merchant_filled, 'a known flyer without its merchant (rule R3)'],
    ['odd names', totals.untidy_events, '" ITEM_OPEN"'],
    ['late', totals.late, "in a later day's folder"],
    ['out of order', totals.out_of_order, 'earlier than the row above'],
    ['bot', undefined, `user ${bot.user_id.slice(0, 8)}…, 90 events in a minute (rule R13)`],
  ];
  return table(rows, [
    { header: 'kind', value: ([kind]) => kind },
    { header: 'rows', value: ([, count]) => (count === undefined ? '' : formatCount(count)), align: 'right' },
    { header: '', value: ([, , what]) => style.dim(what), widthMax: Math.max(20, columns - 28) },
  ]);
}

function merchantTable(truth: Truth, columns: number): string {
  const rows = truth.merchants.slice(0, MERCHANTS_SHOWN).map(({ merchant_id, median_dwell_s }) => {
    const days = truth.days.flatMap(({ merchants }) =>
      merchants.filter((m) => m.merchant_id === merchant_id),
    );
    const views = days.reduce((total, day) => total + day.views, 0);
    const lived = days.reduce((total, day) => total + (day.true_mean_dwell_s ?? 0) * day.views, 0);
    return { merchant_id, median_dwell_s, views, mean: views === 0 ? 0 : lived / views };
  });
  const longest = Math.max(...rows.map((row) => row.mean));
  const barWidth = Math.max(5, Math.min(BAR_WIDTH_MAX, columns - 48));
  return table(rows, [
    { header: 'merchant', value: (row) => row.merchant_id },
    { header: 'views', value: (row) => formatCount(row.views), align: 'right' },
    { header: 'set median', value: (row) => `${row.median_dwell_s.toFixed(1)} s`, align: 'right' },
    { header: 'true mean', value: (row) => `${row.mean.toFixed(1)} s`, align: 'right' },
    { header: '', value: (row) => style.cyan(bar(row.mean, longest, barWidth)) },
  ]);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
