/** What the sections of the demo's report share: a title, and columns of days that fit the terminal. */
import { formatCount, type Style } from '../terminal.ts';

export interface ReportContext {
  readonly style: Style;
  /** Width of the terminal. */
  readonly columns: number;
}

/** A column that stands for one day, or for all of them together. */
export interface DayColumn {
  readonly header: string;
  readonly days: ReadonlySet<string>;
}

const DAY_COLUMN_WIDTH = 15;

export function section(title: string, body: string, style: Style): string {
  return `${style.bold(title)}\n\n${body}`;
}

/** @param otherWidth of the columns that stand beside the days */
export function dayColumns(days: readonly string[], otherWidth: number, columns: number): DayColumn[] {
  if (days.length * DAY_COLUMN_WIDTH + otherWidth > columns) {
    return [{ header: `all ${formatCount(days.length)} days`, days: new Set(days) }];
  }
  return days.map((day) => ({ header: day, days: new Set([day]) }));
}
