/** A document's text as it comes in: what was read stays until it is let go, the rest is not in memory yet. */
import { isUtf8 } from 'node:buffer';

const REPLACEMENT = '\ufffd';
const BYTE_ORDER_MARK = '\ufeff';
/** What was let go is cut off from time to time, not every time. */
const SPENT_MAX = 1 << 16;

const OVERLAP = 256;

export interface Found {
  /** Characters from the window's place to the match. */
  readonly ahead: number;
  /** What matched. */
  readonly text: string;
}

export class TextWindow {
  text = '';
  /** Everything before it is done with. */
  at = 0;
  readonly #source: AsyncIterator<Buffer>;
  #partial: Buffer = Buffer.alloc(0);
  #isFirst = true;
  #isDone = false;
  #sawOtherBytes = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether this piece of text holds what was no UTF-8. A replacement character in a document without any is one that was sent. */
  isDamaged(text: string): boolean {
    return this.#sawOtherBytes && text.includes(REPLACEMENT);
  }

  /** Adds more text. False at the end of the document. Cuts off what is before `at`, which then is 0. */
  async more(): Promise<boolean> {
    if (this.at > SPENT_MAX || this.at === this.text.length) {
      this.text = this.text.slice(this.at);
      this.at = 0;
    }
    while (!this.#isDone) {
      const next = await this.#source.next();
      this.#isDone = next.done === true;
      const text = this.#decode(next.done ? Buffer.alloc(0) : next.value);
      if (text !== '') {
        this.text += text;
        return true;
      }
    }
    return false;
  }

  /** The next characters, as many as there are up to `length`, not taken. */
  async next(length: number): Promise<string> {
    while (this.text.length - this.at < length && (await this.more()));
    return this.text.slice(this.at, this.at + length);
  }

  /** The next character that is no white space, not taken; undefined at the end of the document. */
  async peek(): Promise<string | undefined> {
    for (;;) {
      while (this.at < this.text.length && ' \t\n\r'.includes(this.text[this.at]!)) this.at += 1;
      if (this.at < this.text.length) return this.text[this.at];
      if (!(await this.more())) return undefined;
    }
  }

  /**
   * The next match of a pattern with the flag g at least `ahead` characters further on; the window stays where it is.
   * Gives up after `lengthMax` characters. A match longer than 256 may be missed where two pieces of text meet.
   */
  async find(
    pattern: RegExp,
    ahead: number,
    lengthMax = Number.POSITIVE_INFINITY,
  ): Promise<Found | undefined> {
    for (let from = ahead; from <= lengthMax; ) {
      pattern.lastIndex = this.at + from;
      const match = pattern.exec(this.text);
      if (match !== null) return { ahead: match.index - this.at, text: match[0] };
      from = Math.max(from, this.text.length - this.at - OVERLAP);
      if (!(await this.more())) return undefined;
    }
    return undefined;
  }

  /** Goes to the next match; undefined, and everything is taken, when there is none. */
  async seek(pattern: RegExp): Promise<Found | undefined> {
    for (;;) {
      pattern.lastIndex = this.at;
      const match = pattern.exec(this.text);
      if (match !== null) {
        this.at = match.index;
        return { ahead: 0, text: match[0] };
      }
      this.at = Math.max(this.at, this.text.length - OVERLAP);
      if (await this.more()) continue;
      this.at = this.text.length;
      return undefined;
    }
  }

  #decode(bytes: Buffer): string {
    const all = this.#partial.length === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    const end = this.#isDone ? all.length : completeLength(all);
    this.#partial = Buffer.from(all.subarray(end));
    const whole = all.subarray(0, end);
    if (!this.#sawOtherBytes && !isUtf8(whole)) this.#sawOtherBytes = true;
    const text = whole.toString('utf8');
    if (text === '' || !this.#isFirst) return text;
    this.#isFirst = false;
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  }
}

/** Without a character that goes on in the next bytes. */
function completeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
