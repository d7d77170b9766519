/** What lines of text look like, found at the speed of memory: it decides whether DuckDB may read them. */
import { isUtf8 } from 'node:buffer';
import { ROW_LENGTH_MAX } from '../parse/row-sink.ts';

export const LINE_FEED = 10;
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

/**
 * Whether every quote is where RFC 4180 has it, and every line is a record: what all CSV readers read alike.
 * Carriage returns are known to stand at the ends of lines only.
 */
export function isStrictlyQuoted(bytes: Buffer): boolean {
  let lineEnd = bytes.indexOf(LINE_FEED);
  for (let open = bytes.indexOf(QUOTE); open >= 0; ) {
    if (open > 0 && bytes[open - 1] !== COMMA && bytes[open - 1] !== LINE_FEED) return false;
    const close = closingQuote(bytes, open);
    if (close < 0) return false;
    while (lineEnd < open) lineEnd = bytes.indexOf(LINE_FEED, open);
    if (lineEnd < close) return false;
    const after = bytes[close + 1];
    if (after !== COMMA && after !== LINE_FEED && after !== CARRIAGE_RETURN) return false;
    open = bytes.indexOf(QUOTE, close + 1);
  }
  return true;
}

/** The next quote that is not one of a pair, which stands for a quote; -1 when there is none. */
function closingQuote(bytes: Buffer, open: number): number {
  let at = bytes.indexOf(QUOTE, open + 1);
  while (at >= 0 && bytes[at + 1] === QUOTE) at = bytes.indexOf(QUOTE, at + 2);
  return at;
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
