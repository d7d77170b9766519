/** Partition states as a calendar: a line a month, a sign a day, weeks apart. */
import { type Assessment, type PartitionState, worstState } from '../../engine/partition-state.ts';
import { style } from '../terminal.ts';

interface Sign {
  readonly sign: string;
  readonly colour: (text: string) => string;
}

/** Told apart without colours, too. */
const SIGNS: Readonly<Record<PartitionState | 'provisional', Sign>> = {
  fresh: { sign: '■', colour: style.green },
  provisional: { sign: '□', colour: style.green },
  running: { sign: '▸', colour: style.cyan },
  'stale-input': { sign: '!', colour: style.yellow },
  'stale-code': { sign: '~', colour: style.yellow },
  failed: { sign: '✗', colour: style.red },
  pinned: { sign: '◆', colour: style.blue },
  missing: { sign: '·', colour: style.dim },
};

/** A day of several assets shows the one that needs somebody soonest. */
export function calendarText(assessments: readonly Assessment[]): string {
  const days = [...Map.groupBy(assessments, ({ day }) => day)].map(([day, all]) => ({
    day,
    ...shownOf(all),
  }));
  const months = Map.groupBy(days, ({ day }) => day.slice(0, 7));
  const lines = [...months].map(([month, ofMonth]) => {
    const cells = ofMonth.map(({ day, shown }) => {
      const { sign, colour } = SIGNS[shown];
      const isWeekStart = day.slice(8) !== '01' && weekdayOf(day) === 1;
      return `${isWeekStart && day !== ofMonth[0]!.day ? ' ' : ''}${colour(sign)}`;
    });
    // A month that begins in the middle keeps its columns.
    return `${month}  ${' '.repeat(columnOf(ofMonth[0]!.day))}${cells.join('')}`;
  });
  return [rulerOf(), ...lines, '', legendOf(days.map(({ shown }) => shown))].join('\n');
}

function shownOf(all: readonly Assessment[]): { readonly shown: PartitionState | 'provisional' } {
  const state = worstState(all.map((one) => one.state));
  const isProvisional = state === 'fresh' && all.some(({ finality }) => finality === 'provisional');
  return { shown: isProvisional ? 'provisional' : state };
}

/** Where a day stands in its line: its number, and a blank for each Monday before it. */
function columnOf(day: string): number {
  const date = Number(day.slice(8));
  const month = day.slice(0, 8);
  let blanks = 0;
  for (let before = 2; before <= date; before += 1) {
    if (weekdayOf(`${month}${String(before).padStart(2, '0')}`) === 1) blanks += 1;
  }
  return date - 1 + blanks;
}

const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay();

const rulerOf = (): string => style.dim('         1 … 31, weeks from Monday');

function legendOf(shown: readonly (PartitionState | 'provisional')[]): string {
  const counts = new Map<PartitionState | 'provisional', number>();
  for (const one of shown) counts.set(one, (counts.get(one) ?? 0) + 1);
  const order = Object.keys(SIGNS) as (PartitionState | 'provisional')[];
  return order
    .filter((one) => counts.has(one))
    .map((one) => {
      const { sign, colour } = SIGNS[one];
      const name = one === 'provisional' ? 'fresh, provisional' : one;
      return `${colour(sign)} ${counts.get(one)!.toLocaleString('en-US')} ${name}`;
    })
    .join('   ');
}
