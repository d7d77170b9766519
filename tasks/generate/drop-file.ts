/** One drop being written: text in, compressed bytes on disk, with what stands before, between and after the rows. */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import type { EventBatch } from './event-batch.ts';
import type { DropCodec, Producer } from './producers.ts';
import type { RowWriter } from './row-text.ts';
import { TextBuffer } from './text-buffer.ts';

/** Text goes to the compressor in pieces of about this size, bytes. */
const PIECE_SIZE = 128 * 1024;

interface Wrapping {
  readonly before: string;
  /** Before the first row, and before each of the others. */
  readonly first: string;
  readonly between: string;
  readonly after: string;
}

export class DropFile {
  /** `2018-10-01/android-08.csv.gz`. */
  readonly key: string;
  readonly #wrapping: Wrapping;
  readonly #sink: Writable;
  readonly #written: Promise<{ readonly bytes: number }>;
  readonly #text = new TextBuffer(PIECE_SIZE);
  #drained: Promise<void> | undefined;
  rowCount = 0;

  constructor(path: string, key: string, producer: Producer) {
    this.key = key;
    this.#wrapping = wrappingOf(producer);
    this.#text.put(this.#wrapping.before);
    const file = createWriteStream(path, { flags: 'wx' });
    const compressor = createCompressor(producer.codec);
    this.#sink = compressor ?? file;
    const done = compressor === undefined ? finished(file) : pipeline(compressor, file);
    this.#written = done.then(() => ({ bytes: file.bytesWritten }));
    this.#written.catch(() => {}); // Reported by `close`; until then nobody listens.
  }

  add(write: RowWriter, batch: EventBatch, row: number): void {
    this.#text.put(this.rowCount === 0 ? this.#wrapping.first : this.#wrapping.between);
    write(this.#text, batch, row);
    this.rowCount++;
    if (this.#text.full) this.#flush();
  }

  /** Resolves when the disk has caught up; the caller goes on only then, so memory stays bounded. */
  async settle(): Promise<void> {
    await Promise.race([this.#drained, this.#written]);
  }

  /** Ends the drop. Returns its size in bytes. */
  async close(): Promise<number> {
    this.#text.put(this.#wrapping.after);
    this.#flush();
    this.#sink.end();
    return (await this.#written).bytes;
  }

  #flush(): void {
    if (this.#sink.write(this.#text.take()) || this.#drained !== undefined) return;
    this.#drained = new Promise((resolve) => {
      this.#sink.once('drain', () => {
        this.#drained = undefined;
        resolve();
      });
    });
  }
}

/** Both write no time and no file name, so equal text gives equal bytes. Fast levels: hex ids hardly compress anyway. */
function createCompressor(codec: DropCodec) {
  if (codec === '.gz') return createGzip({ level: 1 });
  if (codec === '.zst') return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return undefined;
}

function wrappingOf({ shape, fields, quoted, crlf }: Producer): Wrapping {
  switch (shape) {
    case 'csv': {
      const newline = crlf ? '\r\n' : '\n';
      const header = fields.map((field) => (quoted ? `"${field}"` : field)).join(',');
      return { before: header, first: newline, between: newline, after: crlf ? '' : newline };
    }
    case 'ndjson':
      return { before: '', first: '', between: '\n', after: '\n' };
    case 'json':
      return { before: '{"events": [', first: '\n', between: ',\n', after: '\n]}\n' };
    case 'xml':
      return {
        before: '<?xml version="1.0" encoding="UTF-8"?>\n<events>',
        first: '\n',
        between: '\n',
        after: '\n</events>\n',
      };
  }
}
