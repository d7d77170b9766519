/** Local files of rows on their way to DuckDB: events and rejected rows that the tolerant parsers have found, as NDJSON. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Event, Rejection } from '../parse/judge-row.ts';

const BUFFER_LENGTH = 1 << 20;

/** Lines are written as they come; not to a stream, since parsers do not wait. */
export class RowFile {
  readonly path: string;
  rowCount = 0;
  /** Of the text so far, characters. */
  length = 0;
  readonly #fd: number;
  #buffer: string[] = [];
  #buffered = 0;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'wx');
  }

  add(row: object): void {
    const line = `${JSON.stringify(row)}\n`;
    this.#buffer.push(line);
    this.#buffered += line.length;
    this.length += line.length;
    this.rowCount += 1;
    if (this.#buffered >= BUFFER_LENGTH) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    if (this.#buffered === 0) return;
    writeSync(this.#fd, this.#buffer.join(''));
    this.#buffer = [];
    this.#buffered = 0;
  }
}

/** As `row-relations.ts` reads it. `seq` goes as digits: a number would lose some. */
export function eventRow(dropNo: number, line: number, event: Event): object {
  return {
    drop_no: dropNo,
    line,
    instant_ms: event.instantMs,
    wall_ms: event.wallMs,
    user_id: event.userId,
    event: event.event,
    flyer_id: event.flyerId,
    merchant_id: event.merchantId,
    event_id: event.eventId,
    seq: event.seq,
    received_ms: event.receivedMs,
  };
}

/** As `stage-rejects.ts` reads it. */
export function rejectRow(
  dropNo: number,
  line: number,
  { reason, detail, at }: Rejection,
  raw: string | null,
): object {
  return {
    drop_no: dropNo,
    line,
    reason,
    detail: detail.toWellFormed(),
    raw: raw?.toWellFormed() ?? null,
    instant_ms: at?.instantMs ?? null,
    wall_ms: at?.wallMs ?? null,
  };
}
