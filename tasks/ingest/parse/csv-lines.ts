/** CSV, line by line, whatever it looks like: every line ends up in a row or is rejected, none swallows those that follow. */
import { type CsvColumns, csvRow, parseCsvRecord } from './csv-record.ts';
import { RAW_LENGTH_MAX, type RowSink } from './row-sink.ts';

/** A line without its line feed. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** Why it cannot be a line of text; `text` is then what could be made of it. */
  readonly fault?: string;
}

/** A record that goes on over more than this is taken for a quote that was never closed, characters. */
const RECORD_LENGTH_MAX = 1 << 16;

/**
 * A quoted field may hold line feeds. Whether an open quote is such a field or a mistake shows only further down: it is a field when the
 * record ends properly with as many fields as the header has. If not, the first line alone is rejected and the next is a new start.
 */
export class CsvLines {
  readonly #columns: CsvColumns;
  readonly #sink: RowSink;
  /** The first line is where the current record begins. */
  #waiting: Line[] = [];
  /** How many of the waiting lines are known not to end the record. */
  #looked = 0;

  constructor(columns: CsvColumns, sink: RowSink) {
    this.#columns = columns;
    this.#sink = sink;
  }

  /** Whether a record is still open: the next line must come here too. */
  get isOpen(): boolean {
    return this.#waiting.length > 0;
  }

  push(line: Line): void {
    this.#waiting.push(line);
    this.#drain(false);
  }

  /** There are no more lines. */
  end(): void {
    this.#drain(true);
  }

  #drain(isEnd: boolean): void {
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      const fields = first.fault ?? parseCsvRecord(recordText(first.text));
      if (fields !== 'open') this.#report(1, fields);
      else {
        const found = this.#findEnd(isEnd);
        if (found === 'unknown') return;
        this.#report(found?.lineCount ?? 1, found?.fields ?? 'open');
      }
    }
  }

  #report(lineCount: number, found: readonly string[] | string): void {
    const lines = this.#waiting.splice(0, lineCount);
    this.#looked = 0;
    const { number, text } = lines[0]!;
    const raw = () => recordText(lines.map((line) => line.text).join('\n'));
    if (typeof found === 'string') {
      this.#sink.broken(number, sayFault(found), raw().slice(0, RAW_LENGTH_MAX));
    } else if (found.length === this.#columns.length) {
      this.#sink.row(number, csvRow(this.#columns, found), raw);
    } else if (recordText(text) !== '') {
      const why = `has ${found.length} fields where the header has ${this.#columns.length}`;
      this.#sink.broken(number, why, raw().slice(0, RAW_LENGTH_MAX));
    }
  }

  /** Undefined: the open quote is a mistake. Unknown: not enough lines yet. */
  #findEnd(
    isEnd: boolean,
  ): { readonly lineCount: number; readonly fields: string[] } | undefined | 'unknown' {
    const lines = this.#waiting;
    for (let last = Math.max(1, this.#looked); last < lines.length; last += 1) {
      const line = lines[last]!;
      if (line.fault !== undefined) return undefined;
      if (line.text.includes('"')) {
        const text = lines.slice(0, last + 1).map((part) => part.text);
        const fields = parseCsvRecord(recordText(text.join('\n')));
        if (typeof fields === 'object') {
          return fields.length === this.#columns.length ? { lineCount: last + 1, fields } : undefined;
        }
        if (fields === 'broken') return undefined;
      }
      this.#looked = last + 1;
    }
    const length = lines.reduce((sum, line) => sum + line.text.length + 1, 0);
    return isEnd || length > RECORD_LENGTH_MAX ? undefined : 'unknown';
  }
}

/** Without the carriage return of a line that ends in CRLF. */
function recordText(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

function sayFault(found: string): string {
  if (found === 'open') return 'has a quote that is never closed';
  if (found === 'broken') return 'has text after a closing quote';
  return found;
}
