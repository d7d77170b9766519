/** Takes in drops, one after another, and gives out chunks: pieces of files that one query stages. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgeRow, type Rejection } from '../parse/judge-row.ts';
import type { RawRow } from '../parse/raw-row.ts';
import { RAW_LENGTH_MAX } from '../parse/row-sink.ts';
import type { LineSink } from '../read/read-lines.ts';
import type { Dialect, Piece } from './piece.ts';
import { eventRow, RowFile, rejectRow } from './row-files.ts';

export interface IntakeOptions {
  /** Exists, and holds nothing else. */
  readonly dir: string;
  /** Bytes of text after which a chunk is complete. */
  readonly chunkBytes: number;
  readonly maxFutureMs: number;
}

/** Where a chunk ends depends on the drops alone, not on how fast they come in: staged again, they make the same files. */
export class DropIntake {
  readonly #options: IntakeOptions;
  #files = 0;
  #pieces: Piece[] = [];
  #bytes = 0;
  #chunks: (readonly Piece[])[] = [];
  #events: RowFile | undefined;
  #rejects: RowFile | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Rows of the drop with this number. A row's verdict is final; lines that come as a piece are judged later. */
  sinkOf(dropNo: number): LineSink {
    return {
      row: (line, row, raw) => this.judge(dropNo, line, row, raw),
      broken: (line, why, raw) => this.reject(dropNo, line, { reason: 'bad_row', detail: why }, raw),
      piece: (dialect, bytes, firstLine, lineCount) =>
        this.#addPiece({ dialect, dropNo, firstLine, lineCount, size: bytes.length }, bytes),
    };
  }

  judge(dropNo: number, line: number, row: RawRow, raw: () => string): void {
    const { event, rejection } = judgeRow(row, this.#options.maxFutureMs);
    if (rejection !== undefined) {
      this.reject(dropNo, line, rejection, raw().slice(0, RAW_LENGTH_MAX));
      return;
    }
    this.#events ??= new RowFile(this.#path('events'));
    const before = this.#events.length;
    this.#events.add(eventRow(dropNo, line, event));
    this.#grow(this.#events.length - before);
  }

  reject(dropNo: number, line: number, rejection: Rejection, raw: string | null): void {
    this.#rejects ??= new RowFile(this.#path('rejects'));
    this.#rejects.add(rejectRow(dropNo, line, rejection, raw));
  }

  /** The chunks that are complete, each once. */
  takeChunks(): (readonly Piece[])[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** What is left makes the last chunk, which comes with `takeChunks`. */
  finishChunk(): void {
    this.#closeEvents();
    if (this.#pieces.length > 0) this.#chunks.push(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
  }

  /** The file of rejected rows, complete; undefined when there are none. */
  finishRejects(): RowFile | undefined {
    const rejects = this.#rejects;
    rejects?.close();
    this.#rejects = undefined;
    return rejects;
  }

  async #addPiece(piece: Omit<Piece, 'path'>, bytes: Buffer): Promise<void> {
    const path = this.#path(piece.dialect.kind);
    await writeFile(path, bytes, { flag: 'wx' });
    this.#pieces.push({ ...piece, path });
    this.#grow(bytes.length);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= this.#options.chunkBytes) this.finishChunk();
  }

  #closeEvents(): void {
    const events = this.#events;
    if (events === undefined) return;
    events.close();
    const dialect: Dialect = { kind: 'events' };
    this.#pieces.push({
      path: events.path,
      dialect,
      dropNo: 0,
      firstLine: 0,
      lineCount: events.rowCount,
      size: events.length,
    });
    this.#events = undefined;
  }

  #path(kind: string): string {
    this.#files += 1;
    return join(this.#options.dir, `${this.#files}.${kind}`);
  }
}
