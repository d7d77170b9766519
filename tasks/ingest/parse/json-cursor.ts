/**
 * Reads JSON text from left to right, keeping what JSON.parse forgets: a number's digits, the first of two equal keys, where a value ends.
 * It takes what DuckDB's reader takes: beyond RFC 8259 one trailing comma, and NaN and Infinity in any case.
 */

/** The text is no JSON from `at` on. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
  readonly at: number;
  /** The value is well-formed, only not what it should be: it can be passed. */
  readonly isBehind: boolean;
  constructor(at: number, message: string, isBehind = false) {
    super(message);
    this.at = at;
    this.isBehind = isBehind;
  }
}

/** The text ends before the value does. */
export class JsonUnfinished extends Error {
  override readonly name = 'JsonUnfinished';
}

export type JsonValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'container' };

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NO_NUMBER = /-?(?:infinity|inf|nan)/iy;
const WORD = /true|false|null/y;
const CONTROL = /[\x00-\x1f]/;
const NULL: JsonValue = { kind: 'null' };
const CONTAINER: JsonValue = { kind: 'container' };

export class JsonCursor {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** The next character after white space; undefined at the end. */
  peek(): string | undefined {
    this.#match(SPACE);
    return this.text[this.at];
  }

  /** Goes past the next character if it is this one. */
  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  expect(character: string): void {
    if (this.take(character)) return;
    if (this.at === this.text.length) throw new JsonUnfinished();
    throw new JsonFault(this.at, `has ${JSON.stringify(this.text[this.at])} where "${character}" should be`);
  }

  /** Calls `onMember` with every key of an object; it must read the member's value. */
  object(onMember: (key: string) => void): void {
    this.expect('{');
    while (!this.take('}')) {
      const key = this.string();
      this.expect(':');
      onMember(key);
      if (!this.take(',')) {
        this.expect('}');
        return;
      }
    }
  }

  value(): JsonValue {
    const character = this.peek();
    if (character === undefined) throw new JsonUnfinished();
    if (character === '"') return { kind: 'text', text: this.string() };
    if (character === '{' || character === '[') {
      this.skipContainer();
      return CONTAINER;
    }
    const text = this.#match(WORD) ?? this.#match(NUMBER) ?? this.#match(NO_NUMBER);
    if (text === undefined)
      throw new JsonFault(this.at, `has ${JSON.stringify(character)} where a value should be`);
    if (text === 'null') return NULL;
    return { kind: 'text', text: text === '-0' ? '0' : text };
  }

  string(): string {
    if (this.peek() === undefined) throw new JsonUnfinished();
    const from = this.at;
    if (this.text[from] !== '"') {
      throw new JsonFault(from, `has ${JSON.stringify(this.text[from])} where a quote should be`);
    }
    const end = this.#closingQuote(from + 1);
    const body = this.text.slice(from + 1, end);
    if (CONTROL.test(body)) throw new JsonFault(from, 'has a control character inside a string');
    this.at = end + 1;
    return body.includes('\\') ? decodeEscapes(body, from) : body;
  }

  /** Past an object or array, however deep. */
  skipContainer(): void {
    const open: string[] = [];
    do {
      const character = this.peek();
      if (character === undefined) throw new JsonUnfinished();
      if (character === '{' || character === '[') {
        open.push(character);
        this.at += 1;
      } else if (character === '}' || character === ']') {
        if (open.pop() !== (character === '}' ? '{' : '[')) {
          throw new JsonFault(this.at, `has "${character}" where it closes nothing`);
        }
        this.at += 1;
      } else if (character === ',' || character === ':') {
        this.at += 1;
      } else this.value();
    } while (open.length > 0);
  }

  #closingQuote(from: number): number {
    for (let at = from; ; ) {
      const quote = this.text.indexOf('"', at);
      if (quote < 0) {
        // A string cannot hold a line feed: with one in it, no later quote would help.
        if (this.text.includes('\n', from))
          throw new JsonFault(from - 1, 'has a string that is never closed');
        throw new JsonUnfinished();
      }
      let backslashes = 0;
      while (quote - backslashes > from && this.text[quote - backslashes - 1] === '\\') backslashes += 1;
      if (backslashes % 2 === 0) return quote;
      at = quote + 1;
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match[0];
  }
}

function decodeEscapes(body: string, at: number): string {
  try {
    const text = JSON.parse(`"${body}"`) as string;
    if (text.isWellFormed()) return text;
  } catch {
    // Said below.
  }
  throw new JsonFault(at, 'has an escape that is none');
}
