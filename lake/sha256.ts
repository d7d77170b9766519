/** SHA-256 of bytes and files, in hex. */
import { createHash, hash as hashAtOnce } from 'node:crypto';
import { open } from 'node:fs/promises';

export function sha256Hex(data: Uint8Array | string): string {
  return hashAtOnce('sha256', data, 'hex');
}

/** Reads the file once; `size` is the number of bytes hashed. */
export async function sha256File(path: string): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    // A stream takes a new block for each read: a megabyte for a file of a kilobyte, tens of files a day, is work for the collector.
    const block = Buffer.allocUnsafe(Math.max(1, Math.min(BLOCK_BYTES, (await file.stat()).size)));
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(block, 0, block.length, null);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), size };
      hash.update(block.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
}

const BLOCK_BYTES = 1 << 20;
