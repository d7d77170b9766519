/** Rows that the query was not sure of are read again, as they stand in the drop, and judged for good. */
import { open } from 'node:fs/promises';
import { invariant } from '../../../infra/errors.ts';
import { type Duck, sqlPaths } from '../../../lake/duckdb.ts';
import type { RowSink } from '../parse/row-sink.ts';
import { LINE_FEED } from '../read/inspect-lines.ts';
import { reparse } from '../read/read-lines.ts';
import type { DropIntake } from './drop-intake.ts';
import type { Piece } from './piece.ts';

/** Lines of a piece in order, each with the beginning of the user id that DuckDB read there. */
interface DoubtfulLines {
  readonly lines: number[];
  readonly userIds: (string | null)[];
}

export type Doubts = ReadonlyMap<Piece, DoubtfulLines>;

/** @param paths files of doubtful rows */
export async function collectDoubts(
  duck: Duck,
  pieces: readonly Piece[],
  paths: readonly string[],
): Promise<Doubts> {
  const doubts = new Map<Piece, DoubtfulLines>();
  if (paths.length === 0) return doubts;
  const inOrder = pieces
    .filter(({ dialect }) => dialect.kind !== 'events')
    .sort((a, b) => a.dropNo - b.dropNo || a.firstLine - b.firstLine);
  let at = 0;
  const rows = duck.stream(
    `SELECT drop_no::INTEGER AS drop_no, line::DOUBLE AS line, left(user_id, 16) AS user_id
     FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = false) ORDER BY drop_no, line`,
  );
  for await (const chunk of rows) {
    const [dropNos, lines, userIds] = chunk.getColumns() as [number[], number[], (string | null)[]];
    for (const [index, line] of lines.entries()) {
      while (at < inOrder.length && !holds(inOrder[at]!, dropNos[index]!, line)) at += 1;
      const piece = inOrder[at];
      invariant(piece !== undefined, `line ${line} of drop ${dropNos[index]} is in no piece`);
      const known = doubts.get(piece) ?? { lines: [], userIds: [] };
      known.lines.push(line);
      known.userIds.push(userIds[index]!);
      doubts.set(piece, known);
    }
  }
  return doubts;
}

/** The events and rejected rows go to `late`, in the order of the pieces. Misread pieces are judged whole. */
export async function resolveDoubts(
  pieces: readonly Piece[],
  doubts: Doubts,
  misread: readonly Piece[],
  late: DropIntake,
): Promise<void> {
  const read = pieceReader(pieces);
  for (const piece of pieces) {
    const sink = late.sinkOf(piece.dropNo);
    const ofPiece = doubts.get(piece);
    if (misread.includes(piece)) reparse(piece.dialect, await read(piece), piece.firstLine, sink);
    else if (ofPiece !== undefined) reparseLines(piece, await read(piece), ofPiece, sink);
  }
}

/** All pieces are read into one buffer: one for each would keep the garbage collector busy. */
function pieceReader(pieces: readonly Piece[]): (piece: Piece) => Promise<Buffer> {
  let buffer: Buffer | undefined;
  return async ({ path, size }) => {
    buffer ??= Buffer.allocUnsafeSlow(pieces.reduce((most, piece) => Math.max(most, piece.size), 0));
    const file = await open(path);
    try {
      const { bytesRead } = await file.read(buffer, 0, size);
      invariant(bytesRead === size, `piece "${path}" has ${bytesRead} of ${size} bytes`);
      return buffer.subarray(0, size);
    } finally {
      await file.close();
    }
  };
}

function holds(piece: Piece, dropNo: number, line: number): boolean {
  return piece.dropNo === dropNo && line >= piece.firstLine && line < piece.firstLine + piece.lineCount;
}

/** Most lines are passed over: they are counted, not cut out. */
function reparseLines(piece: Piece, bytes: Buffer, { lines, userIds }: DoubtfulLines, sink: RowSink): void {
  let number = piece.firstLine;
  let start = 0;
  for (const [index, wanted] of lines.entries()) {
    for (; number < wanted; number += 1) start = bytes.indexOf(LINE_FEED, start) + 1;
    const end = bytes.indexOf(LINE_FEED, start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    const checked = piece.dialect.kind === 'csv' ? sinkThatChecks(sink, userIds[index]!) : sink;
    reparse(piece.dialect, line, number, checked);
  }
}

/** DuckDB numbers rows as it reads them. Were its numbers ever off, another row than the doubtful one would be judged here. */
function sinkThatChecks(sink: RowSink, userId: string | null): RowSink {
  return {
    row(line, row, raw) {
      invariant(
        userId === null || row.user_id?.includes(userId) === true,
        `line ${line} is not the row that DuckDB read`,
      );
      sink.row(line, row, raw);
    },
    broken: (line, why, raw) => sink.broken(line, why, raw),
  };
}
