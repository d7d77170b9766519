/** Compresses a file with gzip: equal bytes give equal bytes, since the header carries neither a time nor a name. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sha256File } from './sha256.ts';

const CHUNK_BYTES = 1 << 18;

/** At `to` is nothing, or all of it. Memory does not depend on the size. */
export async function gzipFile(
  from: string,
  to: string,
): Promise<{ readonly path: string; readonly size: number; readonly sha256: string }> {
  try {
    await pipeline(
      createReadStream(from, { highWaterMark: CHUNK_BYTES }),
      createGzip({ chunkSize: CHUNK_BYTES }),
      createWriteStream(to),
    );
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  return { path: to, ...(await sha256File(to)) };
}
