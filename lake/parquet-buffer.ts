/** A local Parquet file as hyparquet's readers want it: ranges, read when they are asked for. */
import { open } from 'node:fs/promises';
import type { AsyncBuffer } from 'hyparquet';

/** Lends the file to `use` and closes it after. A range beyond the end throws. */
export async function withParquetFile<T>(path: string, use: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return await use({
      byteLength: size,
      slice: async (start, end = size) => {
        const buffer = new ArrayBuffer(Math.max(0, end - start));
        const { bytesRead } = await handle.read(new Uint8Array(buffer), 0, buffer.byteLength, start);
        if (bytesRead < buffer.byteLength) throw new Error('the file ends early');
        return buffer;
      },
    });
  } finally {
    await handle.close();
  }
}
