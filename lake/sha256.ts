/** SHA-256 of bytes and files, in hex. */
import { createHash, type Hash, hash as hashAtOnce } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ignoring } from './errno.ts';

export interface HashedBytes {
  readonly sha256: string;
  /** Bytes that were hashed. */
  readonly size: number;
}

export function sha256Hex(data: Uint8Array | string): string {
  return hashAtOnce('sha256', data, 'hex');
}

/** Reads the file once. */
export function sha256File(path: string): Promise<HashedBytes> {
  return sha256WhileWritten(path, Promise.resolve());
}

/**
 * Of a file that somebody writes from its start to its end, and that is whole when `written` resolves. What is there is hashed while the
 * rest is written: of a large file, little is left to read at the end. Rejects as `written` does.
 */
export async function sha256WhileWritten(path: string, written: Promise<unknown>): Promise<HashedBytes> {
  let isWhole = false;
  const whole = written.then(() => {
    isWhole = true;
  });
  const hash = createHash('sha256');
  let file: FileHandle | undefined;
  let size = 0;
  try {
    for (let isLast = false; !isLast; ) {
      await Promise.race([whole, sleep(LOOK_MS, undefined, { ref: false })]);
      // What was written before this moment is read by this round.
      isLast = isWhole;
      file ??= isLast ? await open(path) : await ignoring(['ENOENT'], open(path));
      if (file !== undefined) size += await hashRest(file, hash, size);
    }
    return { sha256: hash.digest('hex'), size };
  } finally {
    // Who fails to read does not leave somebody writing behind.
    await Promise.allSettled([whole]);
    await file?.close();
  }
}

const LOOK_MS = 50;
const BLOCK_BYTES = 1 << 20;

/** What the file has beyond `from`, where it was last read; resolves to the bytes read. What comes meanwhile is for the next time. */
async function hashRest(file: FileHandle, hash: Hash, from: number): Promise<number> {
  const { size } = await file.stat();
  // A megabyte for a file of a kilobyte, tens of files a day, is work for the collector.
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, size - from));
  let at = from;
  while (at < size) {
    const { bytesRead } = await file.read(block, 0, Math.min(block.length, size - at), at);
    if (bytesRead === 0) break;
    hash.update(block.subarray(0, bytesRead));
    at += bytesRead;
  }
  return at - from;
}
