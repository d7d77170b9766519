/** Words for restatements: which numbers of a published day are others now. */
import type { RestatedTable, RestatementNotice } from './notice.ts';
import type { MessageText } from './to-message.ts';
import { commands, counted, instant } from './words.ts';

const FIGURES_MAX = 4;

export function restatementText({ day, runId, reason, tables, atMs }: RestatementNotice): MessageText {
  const [first] = tables as readonly [RestatedTable, ...RestatedTable[]];
  const others = tables.length > 1 ? ` and ${counted(tables.length - 1, 'other table')}` : '';
  return {
    severity: 'info',
    subject: `${day} was restated: ${first.table}${others}`,
    what: `Published numbers of ${day} have changed:\n${tables.map(changeText).join('\n')}`,
    why: reason ?? `Run ${runId} published the day again from other inputs, code or parameters.`,
    since: instant(atMs, 'utc'),
    todo: commands(
      [`partitions diff ${first.table} ${day}`, 'what changed: rows by key, sums by column'],
      [`partitions history ${first.table} ${day}`, 'its versions; rollback brings one back'],
    ),
  };
}

/** `user_day: rows 5,120 (+12), dwell_s 81,224 (-310)`. */
function changeText({ table, rowCount, previousRowCount, stats, previousStats }: RestatedTable): string {
  const figures = Object.entries(stats).flatMap(([name, value]) => {
    const before = previousStats[name];
    return before === undefined || before === value ? [] : [`${name} ${figure(value, value - before)}`];
  });
  const rows = `rows ${figure(rowCount, rowCount - previousRowCount)}`;
  const isAlike = rowCount === previousRowCount && figures.length === 0;
  return `${table}: ${[rows, ...(isAlike ? ['other values'] : figures.slice(0, FIGURES_MAX))].join(', ')}`;
}

function figure(value: number, change: number): string {
  const sign = change > 0 ? '+' : '';
  const said = change === 0 ? 'as before' : `${sign}${plain(change)}`;
  return `${plain(value)} (${said})`;
}

function plain(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 3 });
}
