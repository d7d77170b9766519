/** CSV and NDJSON drops: what is provably plain goes to DuckDB as it is, everything else line by line through the tolerant parsers. */
import { isUtf8 } from 'node:buffer';
import { CsvLines, type Line } from '../parse/csv-lines.ts';
import { type CsvColumns, readCsvHeader } from '../parse/csv-record.ts';
import { readNdjsonLine } from '../parse/json-row.ts';
import {
  HAS_NUL,
  NOT_UTF8,
  RAW_LENGTH_MAX,
  ROW_LENGTH_MAX,
  type RowSink,
  TOO_LONG,
} from '../parse/row-sink.ts';
import type { Dialect } from '../stage/piece.ts';
import { type Cut, cutPieces } from './cut-pieces.ts';
import { forEachLine, inspectLines, isStrictlyQuoted, type LineTraits } from './inspect-lines.ts';

/** Rows one by one, or lines by the million that need no parser of ours. */
export interface LineSink extends RowSink {
  /** Lines that each are one row; `bytes` is free again when it resolves. */
  piece(dialect: Dialect, bytes: Buffer, firstLine: number, lineCount: number): Promise<void>;
}

/** What to do with the lines of a drop. */
interface LineReader {
  /** The dialect in which DuckDB may read such lines; undefined: they are to be pushed. */
  dialectOf(bytes: Buffer, traits: LineTraits): Dialect | undefined;
  push(line: Line): void;
  end(): void;
}

export async function readNdjsonDrop(
  source: AsyncIterable<Buffer>,
  sink: LineSink,
  pieceBytes?: number,
): Promise<void> {
  await readLines(cutPieces(source, pieceBytes), 1, ndjsonReader(sink), sink);
}

/** The header is the first line that is not empty. One that lacks a column makes every line of the drop a rejected row, itself too. */
export async function readCsvDrop(
  source: AsyncIterable<Buffer>,
  sink: LineSink,
  pieceBytes?: number,
): Promise<void> {
  const cuts = cutPieces(source, pieceBytes);
  const head = await takeHeader(cuts);
  if (head === undefined) return;
  const columns = head.text === undefined ? TOO_LONG : readCsvHeader(head.text);
  if (typeof columns === 'object') {
    await readLines(followedBy(head.rest, cuts), head.line + 1, csvReader(columns, sink), sink);
    return;
  }
  const why = `cannot be read: line ${head.line}, the header, ${columns}`;
  const reader = rejectingReader(why, sink);
  reader.push({ number: head.line, text: head.text ?? '' });
  await readLines(followedBy(head.rest, cuts), head.line + 1, reader, sink);
}

/** Pieces that DuckDB did not read as it should, read again. */
export function reparse(dialect: Dialect, bytes: Buffer, firstLine: number, sink: RowSink): void {
  const reader = dialect.kind === 'csv' ? csvReader(dialect.columns, sink) : ndjsonReader(sink);
  let number = firstLine;
  forEachLine(bytes, (line) => reader.push(lineOf(number++, line)));
  reader.end();
}

async function readLines(
  cuts: AsyncIterable<Cut>,
  firstLine: number,
  reader: LineReader,
  sink: LineSink,
): Promise<void> {
  let number = firstLine;
  for await (const cut of cuts) {
    if (cut.kind === 'long line') {
      reader.push({ number: number++, text: cut.head, fault: TOO_LONG });
      continue;
    }
    const bytes = cut.isOpen ? closed(cut.bytes) : cut.bytes;
    const traits = inspectLines(bytes);
    const dialect = reader.dialectOf(bytes, traits);
    if (dialect === undefined) forEachLine(bytes, (line) => reader.push(lineOf(number++, line)));
    else {
      await sink.piece(dialect, bytes, number, traits.lineCount);
      number += traits.lineCount;
    }
  }
  reader.end();
}

function csvReader(columns: CsvColumns, sink: RowSink): LineReader {
  const lines = new CsvLines(columns, sink);
  return {
    dialectOf(bytes, { isText, hasOddLine, lineEnd, hasQuote }) {
      if (lines.isOpen || !isText || hasOddLine || lineEnd === 'mixed') return undefined;
      if (hasQuote && !isStrictlyQuoted(bytes)) return undefined;
      return { kind: 'csv', columns, isQuoted: hasQuote, isCrlf: lineEnd === 'crlf' };
    },
    push: (line) => lines.push(line),
    end: () => lines.end(),
  };
}

function ndjsonReader(sink: RowSink): LineReader {
  return {
    dialectOf: (_, { isText, hasOddLine }) => (isText && !hasOddLine ? { kind: 'ndjson' } : undefined),
    push({ number, text, fault }) {
      if (fault === undefined) readNdjsonLine(number, text, sink);
      else sink.broken(number, fault, text.slice(0, RAW_LENGTH_MAX));
    },
    end() {},
  };
}

function rejectingReader(why: string, sink: RowSink): LineReader {
  return {
    dialectOf: () => undefined,
    push({ number, text }) {
      if (text.trim() !== '') sink.broken(number, why, text.slice(0, RAW_LENGTH_MAX));
    },
    end() {},
  };
}

function lineOf(number: number, bytes: Buffer): Line {
  const text = bytes.toString('utf8');
  if (bytes.length > ROW_LENGTH_MAX) return { number, text, fault: TOO_LONG };
  if (!isUtf8(bytes)) return { number, text, fault: NOT_UTF8 };
  return bytes.includes(0) ? { number, text, fault: HAS_NUL } : { number, text };
}

interface Header {
  /** Undefined when it is longer than a piece. */
  readonly text: string | undefined;
  readonly line: number;
  /** What follows it in its piece. */
  readonly rest: Cut | undefined;
}

async function takeHeader(cuts: AsyncGenerator<Cut>): Promise<Header | undefined> {
  let line = 1;
  for (let next = await cuts.next(); !next.done; next = await cuts.next()) {
    const cut = next.value;
    if (cut.kind === 'long line') return { text: undefined, line, rest: undefined };
    for (let start = 0; start < cut.bytes.length; line += 1) {
      const found = cut.bytes.indexOf(10, start);
      const end = found < 0 ? cut.bytes.length : found;
      const text = cut.bytes.toString('utf8', start, end);
      start = end + 1;
      if (text.trim() === '') continue;
      const bytes = cut.bytes.subarray(start);
      return {
        text: text.endsWith('\r') ? text.slice(0, -1) : text,
        line,
        rest: bytes.length === 0 ? undefined : { ...cut, bytes },
      };
    }
  }
  return undefined;
}

/** A `for await` with a `break` would end the generator: the rest is read by hand. */
async function* followedBy(first: Cut | undefined, rest: AsyncGenerator<Cut>): AsyncGenerator<Cut> {
  if (first !== undefined) yield first;
  yield* rest;
}

/** With the line feed that the end of the drop stands for. */
function closed(bytes: Buffer): Buffer {
  const isCrlf = bytes.indexOf(13) >= 0 && bytes.indexOf(13) === bytes.indexOf(10) - 1;
  return Buffer.concat([bytes, Buffer.from(isCrlf ? '\r\n' : '\n')]);
}
