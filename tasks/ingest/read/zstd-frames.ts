/**
 * Zstandard streams of any number of frames. Node's decompressor stops, silently, behind the first frame; what `cat a.zst b.zst` or
 * parallel compressors make has more. Frames are told apart by their block headers (RFC 8878), nothing is decompressed for that.
 */

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const FLUSH_BYTES = 1 << 20;
const RLE_BLOCK = 1;

/** Thrown where the stream is no Zstandard stream. */
export class ZstdFault extends Error {
  override readonly name = 'ZstdFault';
}

/** The frames that hold data, each as a stream of bytes. The next frame begins when the one before has been read to its end. */
export async function* zstdFrames(source: AsyncIterable<Buffer>): AsyncGenerator<AsyncIterable<Buffer>> {
  const reader = new ByteReader(source);
  let isFirst = true;
  while (isFirst || (await reader.hasMore())) {
    isFirst = false;
    const start = await reader.take(4);
    const magic = start.readUInt32LE();
    if (magic === MAGIC) yield frame(start, reader);
    else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC)
      await reader.skip((await reader.take(4)).readUInt32LE());
    else throw new ZstdFault('is no Zstandard frame');
  }
}

async function* frame(magic: Buffer, reader: ByteReader): AsyncGenerator<Buffer> {
  const descriptor = await reader.take(1);
  const flags = descriptor[0]!;
  const isSingleSegment = (flags & 0x20) !== 0;
  const hasChecksum = (flags & 0x04) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][flags & 0x03]!;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6]!;

  // Blocks are small: many go to the decompressor at once.
  let parts = [magic, descriptor, await reader.take(windowBytes + dictionaryBytes + sizeBytes)];
  let length = 0;
  for (let isLast = false; !isLast; ) {
    const header = await reader.take(3);
    const bits = header.readUIntLE(0, 3);
    isLast = (bits & 1) === 1;
    const size = ((bits >> 1) & 3) === RLE_BLOCK ? 1 : bits >> 3;
    parts.push(header, await reader.take(size));
    length += size;
    if (length < FLUSH_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  if (hasChecksum) parts.push(await reader.take(4));
  yield Buffer.concat(parts);
}

class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async hasMore(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done) return false;
      this.#chunk = next.value;
    }
    return true;
  }

  async take(length: number): Promise<Buffer> {
    if (this.#chunk.length >= length) return this.#cut(length);
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      if (!(await this.hasMore())) throw new ZstdFault('unexpected end of file');
      const part = this.#cut(Math.min(missing, this.#chunk.length));
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0; ) {
      if (!(await this.hasMore())) throw new ZstdFault('unexpected end of file');
      missing -= this.#cut(Math.min(missing, this.#chunk.length)).length;
    }
  }

  #cut(length: number): Buffer {
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    return part;
  }
}
