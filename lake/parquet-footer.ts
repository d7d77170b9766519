/** The footer of a Parquet object, read without its data. */
import { type FileMetaData, parquetMetadata } from 'hyparquet';
import type { ObjectStore } from './object-store.ts';

const TAIL_BYTES = 64 * 1024;

/** One ranged read, two for a footer above 64 KiB. Throws when there is no readable footer. */
export async function readFooter(store: ObjectStore, key: string, size: number): Promise<FileMetaData> {
  let tail = await readTail(store, key, size, TAIL_BYTES);
  const footerLength = tail.length >= 8 ? tail.readUInt32LE(tail.length - 8) + 8 : 0;
  if (footerLength > tail.length && footerLength <= size) {
    tail = await readTail(store, key, size, footerLength);
  }
  return parquetMetadata(new Uint8Array(tail).buffer);
}

async function readTail(store: ObjectStore, key: string, size: number, bytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const stream = await store.read(key, Math.max(0, size - bytes));
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
