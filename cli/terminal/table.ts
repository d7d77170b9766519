/** Rows as aligned columns. */

import { type Style, style as stdoutStyle } from './style.ts';
import { displayWidth, padEnd, padStart, truncate } from './width.ts';

export interface Column<Row> {
  readonly header: string;
  /** What stands in the cell; may hold colours. Empty cells show as `–`. */
  readonly value: (row: Row) => string | number | undefined;
  /** Numbers read best to the right. @default 'left' */
  readonly align?: 'left' | 'right';
  /** Longer cells are cut with `…`. @default no limit */
  readonly widthMax?: number;
}

/**
 * The table as text without a final newline: a dimmed header, two blanks between columns, no lines.
 * Without rows, the header alone.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  style: Style = stdoutStyle,
): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column, row)));
  const widths = columns.map((column, at) =>
    Math.max(displayWidth(column.header), ...cells.map((row) => displayWidth(row[at]!))),
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) => (columns[at]!.align === 'right' ? padStart : padEnd)(text, widths[at]!))
      .join('  ')
      .trimEnd();
  const header = line(columns.map((column) => column.header));
  return [style.dim(header), ...cells.map(line)].join('\n');
}

function cellText<Row>(column: Column<Row>, row: Row): string {
  const value = column.value(row);
  const text = value === undefined || value === '' ? '–' : String(value);
  return column.widthMax === undefined ? text : truncate(text, column.widthMax);
}
