/** What the tolerant parsers report to, row by row. */
import type { RawRow } from './raw-row.ts';

export interface RowSink {
  /**
   * A row whose fields could be told apart.
   * @param line see `staged-schema.ts`
   * @param raw makes the row's text as it was written; asked for only when the row is rejected
   */
  row(line: number, row: RawRow, raw: () => string): void;
  /** Something where a row should be. */
  broken(line: number, why: string, raw: string): void;
}

/** Longest row, bytes or characters; what is longer is no row of this pipeline, and must not fill the memory. */
export const ROW_LENGTH_MAX = 1 << 20;

/** How much of a rejected row is kept, characters. */
export const RAW_LENGTH_MAX = 4096;

export const TOO_LONG = `is longer than ${ROW_LENGTH_MAX} bytes`;
export const NOT_UTF8 = 'is not UTF-8';
export const HAS_NUL = 'has a NUL character';
