/** What lines of text look like, found at the speed of memory: it decides whether DuckDB may read them. */
import { isUtf8 } from 'node:buffer';
import { ROW_LENGTH_MAX } from '../parse/row-sink.ts';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const QUOTE = 34;
const COMMA = 44;

export interface LineTraits {
  readonly lineCount: number;
  readonly hasQuote: boolean;
  /** How lines end; `mixed` also when a carriage return stands anywhere else. */
  readonly lineEnd: 'lf' | 'crlf' | 'mixed';
  /** Whether there is a line without any character, or one longer than a row may be. */
  readonly hasOddLine: boolean;
  /** Whether it is UTF-8 without the control characters that DuckDB or this project gives a meaning. */
  readonly isText: boolean;
}

/** Every line, the last too, ends with a line feed. */
export function inspectLines(bytes: Buffer): LineTraits {
  let lineCount = 0;
  let lengthMax = 0;
  let hasEmptyLine = false;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(LINE_FEED, start);
    const length = end - start;
    if (length > lengthMax) lengthMax = length;
    if (length === 0 || (length === 1 && bytes[start] === CARRIAGE_RETURN)) hasEmptyLine = true;
    lineCount += 1;
    start = end + 1;
  }
  return {
    lineCount,
    hasQuote: bytes.includes(QUOTE),
    lineEnd: lineEndOf(bytes, lineCount),
    hasOddLine: hasEmptyLine || lengthMax > ROW_LENGTH_MAX,
    isText: isUtf8(bytes) && !bytes.includes(0) && !bytes.includes(1),
  };
}

/** Whether every quote is where RFC 4180 has it, and every line is a record: what all CSV readers read alike. */
export function isStrictlyQuoted(bytes: Buffer): boolean {
  const FIELD_START = 0;
  const PLAIN = 1;
  const QUOTED = 2;
  const QUOTE_IN_QUOTED = 3;
  let state = FIELD_START;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (state === QUOTED) {
      if (byte === QUOTE) state = QUOTE_IN_QUOTED;
      else if (byte === LINE_FEED) return false;
    } else if (byte === COMMA || byte === LINE_FEED) {
      state = FIELD_START;
    } else if (byte === QUOTE) {
      if (state === PLAIN) return false;
      state = QUOTED;
    } else if (state === QUOTE_IN_QUOTED) {
      // The caller knows that a carriage return stands at the end of lines only.
      if (byte !== CARRIAGE_RETURN) return false;
    } else state = PLAIN;
  }
  return state === FIELD_START;
}

function lineEndOf(bytes: Buffer, lineCount: number): LineTraits['lineEnd'] {
  let at = bytes.indexOf(CARRIAGE_RETURN);
  if (at < 0) return 'lf';
  let count = 0;
  for (; at >= 0; at = bytes.indexOf(CARRIAGE_RETURN, at + 1)) {
    if (bytes[at + 1] !== LINE_FEED) return 'mixed';
    count += 1;
  }
  return count === lineCount ? 'crlf' : 'mixed';
}

/** Calls back with every line, without its line feed. */
export function forEachLine(bytes: Buffer, onLine: (line: Buffer) => void): void {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    onLine(bytes.subarray(start, end));
    start = end + 1;
  }
}
