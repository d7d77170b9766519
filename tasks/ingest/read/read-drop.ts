/** A drop's bytes, decompressed. It is read as it was listed, to its end, or not at all. */
import { open } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FlyerlineError, isFlyerlineError } from '../../../infra/errors.ts';
import type { ObjectStore } from '../../../lake/object-store.ts';
import type { Drop } from './drops.ts';
import { ZstdFault, zstdFrames } from './zstd-frames.ts';

/** The drop cannot be decompressed to its end. Nothing of it counts: without its checksum nobody knows which of its bytes are right. */
export class UnreadableDrop extends Error {
  override readonly name = 'UnreadableDrop';
  /** Of the text, before it broke, bytes. */
  readonly textBytes: number;

  constructor(textBytes: number, cause: Error) {
    super(cause.message, { cause });
    this.textBytes = textBytes;
  }
}

/** Drops up to this size are fetched whole, several at a time, bytes. */
export const SMALL_DROP_BYTES = 4 << 20;
/** What a small drop may become; one that becomes more is read as a stream, bytes. */
const SMALL_TEXT_BYTES = 32 << 20;
const OUTPUT_CHUNK_BYTES = 1 << 20;

/** The text of a small drop; undefined when it is too long to be held whole. Throws UnreadableDrop, and what `streamDrop` throws. */
export async function fetchSmallDrop(store: ObjectStore, drop: Drop): Promise<Buffer | undefined> {
  const { body, info } = await store.get(drop.key).catch(refuseMissing(drop));
  if (info.etag !== drop.etag) throw dropChanged(drop);
  if (drop.compression === 'none') return body;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of decompress(oneChunk(body), drop, textBytesOf(body, drop))) {
    length += part.length;
    if (length > SMALL_TEXT_BYTES) return undefined;
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/**
 * A chunk is overwritten when the next one is asked for.
 * Throws UnreadableDrop; FL_DROP_CHANGED when the producer replaces or deletes the drop meanwhile.
 */
export async function* streamDrop(store: ObjectStore, drop: Drop): AsyncGenerator<Buffer> {
  const isPlainFile = drop.compression === 'none' && store.localRoot !== undefined;
  if (isPlainFile) yield* readInPlace(await store.fetchFile(drop.key, '').catch(refuseMissing(drop)));
  else yield* readThrough(store, drop);
  const info = await store.head(drop.key);
  if (info?.etag !== drop.etag) throw dropChanged(drop);
}

async function* readThrough(store: ObjectStore, drop: Drop): AsyncGenerator<Buffer> {
  const stream = await store.read(drop.key).catch(refuseMissing(drop));
  try {
    yield* decompress(stream as AsyncIterable<Buffer>, drop);
  } catch (error) {
    throw isFlyerlineError(error, 'FL_PRECONDITION') ? dropChanged(drop, error) : error;
  } finally {
    stream.destroy();
  }
}

/** One buffer for the whole file: a stream's thousands of buffers keep the garbage collector busy, a twentieth of all work. */
async function* readInPlace(path: string): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(OUTPUT_CHUNK_BYTES);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* decompress(
  source: AsyncIterable<Buffer>,
  drop: Drop,
  chunkSize = OUTPUT_CHUNK_BYTES,
): AsyncGenerator<Buffer> {
  if (drop.compression === 'none') return yield* source;
  let textBytes = 0;
  try {
    const text = drop.compression === 'gzip' ? through(source, createGunzip({ chunkSize })) : unzstd(source);
    for await (const part of text) {
      textBytes += part.length;
      yield part;
    }
  } catch (error) {
    throw isDecompressionError(error) ? new UnreadableDrop(textBytes, error) : error;
  }
}

/** Room for the whole text, as long as the end of the drop says it is: parts would have to be put together, and collected as garbage. */
function textBytesOf(body: Buffer, { compression }: Drop): number {
  if (compression !== 'gzip' || body.length < GZIP_BYTES_MIN) return OUTPUT_CHUNK_BYTES;
  const said = body.readUInt32LE(body.length - 4) + 1;
  return Math.max(OUTPUT_CHUNK_BYTES, Math.min(said, body.length * RATIO_MAX, SMALL_TEXT_BYTES + 1));
}

/** A header and a trailer. */
const GZIP_BYTES_MIN = 18;
/** Logs become six to ten times as long; a drop that says more is read in parts. */
const RATIO_MAX = 16;

async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const frame of zstdFrames(source))
    yield* through(frame, createZstdDecompress({ chunkSize: OUTPUT_CHUNK_BYTES }));
}

/** Errors of the source come out as they are: what the store says must not be taken for a broken drop. */
async function* through(source: AsyncIterable<Buffer>, transform: Transform): AsyncGenerator<Buffer> {
  const input: Readable = ReadableStream.from(source, { objectMode: true, highWaterMark: 2 });
  input.once('error', (error) => transform.destroy(error));
  input.pipe(transform);
  try {
    yield* transform as AsyncIterable<Buffer>;
  } finally {
    input.destroy();
    transform.destroy();
  }
}

async function* oneChunk(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}

function isDecompressionError(error: unknown): error is Error {
  if (error instanceof ZstdFault) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('Z_') || code.startsWith('ZSTD_');
}

function refuseMissing(drop: Drop) {
  return (error: unknown): never => {
    throw isFlyerlineError(error, 'FL_OBJECT_MISSING') ? dropChanged(drop, error) : error;
  };
}

function dropChanged(drop: Drop, cause?: unknown): FlyerlineError {
  return new FlyerlineError('FL_DROP_CHANGED', {
    subject: `Drop "${drop.key}"`,
    reason: 'was replaced or deleted while it was read',
    remedy: 'try again, which reads what is there now',
    cause,
  });
}
