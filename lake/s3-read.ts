/** Reading an S3 object to its end, although connections break in the middle of it. */

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectInfo } from './object-store.ts';
import { httpStatus, isNotFound, isPreconditionFailed, storeUnreachable } from './s3-errors.ts';
import { arrivedSpoiled, changedWhileRead, objectMissing } from './store-errors.ts';

/** Broken connections in a row without a byte of progress. */
const BREAKS_MAX = 5;
const BREAK_PAUSE_MS = 100;

export interface S3Source {
  readonly client: S3Client;
  readonly bucket: string;
  /** Within the bucket. */
  readonly objectKey: string;
  /** As the user of the store knows it. */
  readonly key: string;
  readonly storeUrl: string;
  /** Longest silence within an answer. */
  readonly idleTimeoutMs: number;
}

interface OpenAnswer {
  readonly info: ObjectInfo;
  readonly body: Readable | undefined;
}

/**
 * Throws FL_OBJECT_MISSING at once. The stream throws FL_PRECONDITION when the object changes while it is read, and
 * FL_OBJECT_SPOILED at its end when its bytes are not those that were stored.
 */
export async function readS3Object(
  source: S3Source,
  offset: number,
): Promise<{ readonly info: ObjectInfo; readonly stream: Readable }> {
  const first = await openAt(source, offset);
  const stream = Readable.from(resuming(source, offset, first), {
    objectMode: false,
    highWaterMark: 1 << 20,
  });
  return { info: first.info, stream };
}

/** The SDK retries requests, not bodies: a body that ends early is continued with Range, pinned by If-Match. */
async function* resuming(source: S3Source, offset: number, first: OpenAnswer): AsyncGenerator<Uint8Array> {
  const { size, etag } = first.info;
  let position = offset;
  let answer: OpenAnswer | undefined = first;
  for (let breaks = 0; position < size; ) {
    try {
      answer ??= await openAt(source, position, etag);
      // Nothing from here on, although there should be: the object is a shorter one now.
      if (answer.body === undefined) throw changedWhileRead(source.storeUrl, source.key);
      for await (const chunk of untilIdle(answer.body, source.idleTimeoutMs)) {
        position += chunk.length;
        breaks = 0;
        yield chunk;
      }
      if (position < size) throw new Error(`the answer ended at byte ${position} of ${size}`);
    } catch (error) {
      if (position >= size || isWrongChecksum(error))
        throw arrivedSpoiled(source.storeUrl, source.key, error);
      breaks += 1;
      if (breaks > BREAKS_MAX || !isBroken(error)) {
        throw storeUnreachable(source.storeUrl, `reading "${source.key}"`, error);
      }
      answer = undefined;
      await sleep(BREAK_PAUSE_MS * 2 ** (breaks - 1) * (0.5 + Math.random() / 2));
    }
  }
}

async function openAt(source: S3Source, position: number, etag?: string): Promise<OpenAnswer> {
  const { bucket, objectKey, key, storeUrl } = source;
  try {
    const answer = await source.client.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: objectKey,
        ...(position > 0 ? { Range: `bytes=${position}-` } : { ChecksumMode: 'ENABLED' }),
        ...(etag === undefined ? {} : { IfMatch: etag }),
      }),
    );
    const size = Number(answer.ContentRange?.split('/')[1] ?? position + (answer.ContentLength ?? 0));
    const lastModifiedMs = answer.LastModified?.getTime() ?? 0;
    return {
      info: { key, size, etag: answer.ETag ?? '', lastModifiedMs },
      body: answer.Body as Readable | undefined,
    };
  } catch (error) {
    if (isNotFound(error)) throw objectMissing(storeUrl, key);
    if (isPreconditionFailed(error)) throw changedWhileRead(storeUrl, key);
    if (httpStatus(error) === 416) {
      // The range starts at or behind the end: nothing is left to read.
      return { info: { key, size: position, etag: etag ?? '', lastModifiedMs: 0 }, body: undefined };
    }
    throw storeUnreachable(storeUrl, `reading "${key}"`, error);
  }
}

/**
 * The client compares checksums when all bytes have come; a slow reader has not got them all by then. To go on from where it
 * is would complete the wrong half.
 */
function isWrongChecksum(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Checksum mismatch');
}

/** Errors with a code or without an HTTP status come from the connection; the others are the server's word. */
function isBroken(error: unknown): boolean {
  return httpStatus(error) === undefined && !(error instanceof Error && error.name === 'FlyerlineError');
}

/** A server that stops sending without closing would hold a reader for ever. */
async function* untilIdle(body: Readable, idleTimeoutMs: number): AsyncGenerator<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      body.destroy(new Error(`no byte came for ${idleTimeoutMs} ms`));
    }, idleTimeoutMs);
  };
  try {
    arm();
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      // A slow consumer is not an idle server.
      clearTimeout(timer);
      yield chunk;
      arm();
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}
