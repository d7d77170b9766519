/** ASCII text on its way to a file: bytes at once, because millions of small strings would only feed the garbage collector. */

/** Room after the limit for the row that crosses it. */
const SLACK = 4096;
/** From this length on, calling into native code is faster than a loop here. */
const NATIVE_FROM = 24;

export class TextBuffer {
  readonly #limit: number;
  #bytes: Buffer;
  length = 0;

  /** @param limit bytes after which it counts as full */
  constructor(limit: number) {
    this.#limit = limit;
    this.#bytes = Buffer.allocUnsafe(limit + SLACK);
  }

  get full(): boolean {
    return this.length >= this.#limit;
  }

  put(text: string): void {
    const bytes = this.#bytes;
    let at = this.length;
    if (text.length >= NATIVE_FROM) {
      this.length += bytes.write(text, at, 'latin1');
      return;
    }
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** What was put so far, to keep; the buffer starts anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.allocUnsafe(this.#limit + SLACK);
    this.length = 0;
    return taken;
  }
}
