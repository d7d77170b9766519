/** Words for restatements: which numbers of a published day are others now. */
import type { RestatedTable, RestatementNotice } from './notice.ts';
import type { MessageText } from './to-message.ts';
import { commands, counted, instant } from './words.ts';

const FIGURES_MAX = 4;

export function restatementText({ day, runId, reason, tables, atMs }: RestatementNotice): MessageText {
  const here = tables.filter((table) => table.day === day);
  const figures = here.map(figuresOf);
  // Figures that all tables have are of the day, not of the tables.
  const ofDay = here.length > 1 && new Set(figures.map((each) => each.join())).size === 1 ? figures[0]! : [];
  const days = new Set(tables.map((table) => table.day)).size;
  const others = days > 1 ? ` and ${counted(days - 1, 'other day')}` : '';
  const title = ofDay.length > 0 ? ofDay.join(', ') : here.map(({ table }) => table).join(', ');
  const { table } = mostChanged(here);
  return {
    severity: 'info',
    subject: `${day}${others} restated: ${title}`,
    what: [
      `Published numbers of ${day} have changed:`,
      ...(ofDay.length === 0 ? [] : [`In all: ${ofDay.join(', ')}`]),
      ...here.map((each, at) => changeText(each, ofDay.length === 0 ? figures[at]! : [])),
      ...(days > 1 ? [`And what follows from it: ${elsewhere(tables, day).join(', ')}`] : []),
    ].join('\n'),
    why: reason ?? `Run ${runId} published it again from other inputs, code or parameters.`,
    since: instant(atMs, 'utc'),
    todo: commands(
      [`partitions diff ${table} ${day}`, 'what changed: rows by key, sums by column'],
      [`partitions history ${table} ${day}`, 'its versions; rollback brings one back'],
    ),
  };
}

function mostChanged(tables: readonly RestatedTable[]): RestatedTable {
  const change = ({ rowCount, previousRowCount }: RestatedTable) => Math.abs(rowCount - previousRowCount);
  return tables.reduce((most, table) => (change(table) > change(most) ? table : most));
}

/** `merchant_day 2018-10-02`. */
function elsewhere(tables: readonly RestatedTable[], day: string): readonly string[] {
  return tables.filter((table) => table.day !== day).map((table) => `${table.table} ${table.day}`);
}

/** `user_day: rows 5,120 (+12), dwell_s 81,224 (-310)`. */
function changeText(
  { table, rowCount, previousRowCount }: RestatedTable,
  figures: readonly string[],
): string {
  const isAlike = rowCount === previousRowCount && figures.length === 0;
  const rows = `rows ${figure(rowCount, rowCount - previousRowCount)}`;
  return `${table}: ${[rows, ...(isAlike ? ['other values'] : figures)].join(', ')}`;
}

/** Those that are others now. */
function figuresOf({ stats, previousStats }: RestatedTable): readonly string[] {
  return Object.entries(stats)
    .flatMap(([name, value]) => {
      const before = previousStats[name];
      return before === undefined || before === value ? [] : [`${name} ${figure(value, value - before)}`];
    })
    .slice(0, FIGURES_MAX);
}

function figure(value: number, change: number): string {
  const sign = change > 0 ? '+' : '';
  const said = change === 0 ? 'as before' : `${sign}${plain(change)}`;
  return `${plain(value)} (${said})`;
}

function plain(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 3 });
}
