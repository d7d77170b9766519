/** Pieces: local files of rows of one drop, all in one form, ready for DuckDB. */
import type { CsvColumns } from '../parse/csv-record.ts';

/** How the rows of a piece are written. */
export type Dialect =
  /** Records of one line each, without the header. */
  | {
      readonly kind: 'csv';
      readonly columns: CsvColumns;
      readonly isQuoted: boolean;
      readonly isCrlf: boolean;
    }
  /** JSON objects, one a line, judged by nobody yet. */
  | { readonly kind: 'ndjson' }
  /** What `judgeRow` has found to be events, as NDJSON of our own. */
  | { readonly kind: 'events' };

export interface Piece {
  readonly path: string;
  readonly dialect: Dialect;
  /** Index of the drop in its batch. */
  readonly dropNo: number;
  /** Line of the drop on which the piece begins; meaningless for `events`. */
  readonly firstLine: number;
  /** Lines of the piece, which are its rows. */
  readonly lineCount: number;
  /** Bytes. */
  readonly size: number;
}
