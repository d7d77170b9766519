/** JSON drops: an array of objects, or an object that has one as `events`. Read as a stream; a broken object costs only itself. */
import { JsonCursor, JsonFault, JsonUnfinished } from './json-cursor.ts';
import { readJsonRow, sayJsonFault } from './json-row.ts';
import { type FieldName, isFieldName, type RawRow } from './raw-row.ts';
import { NOT_UTF8, RAW_LENGTH_MAX, ROW_LENGTH_MAX, type RowSink, TOO_LONG } from './row-sink.ts';
import { TextWindow } from './text-window.ts';

/** Where the next object may begin after a broken one: behind a brace or a comma, or on a line of its own. */
const NEXT_OBJECT = /[},]\s*\{|\n[ \t]*\{/g;
const NEXT_LINE_OBJECT = /\n[ \t]*\{/g;

/** Rows are numbered from 1. */
export async function readJsonDocument(source: AsyncIterable<Buffer>, sink: RowSink): Promise<void> {
  await new JsonDocument(source, sink).read();
}

class JsonDocument {
  readonly #window: TextWindow;
  readonly #sink: RowSink;
  #number = 0;
  /** Nothing was found any more after a broken row: the end of the document is part of that row. */
  #isAbandoned = false;

  constructor(source: AsyncIterable<Buffer>, sink: RowSink) {
    this.#window = new TextWindow(source);
    this.#sink = sink;
  }

  /** One value as a rule; objects one after another are taken as well. */
  async read(): Promise<void> {
    for (;;) {
      const first = await this.#window.peek();
      if (first === undefined) return;
      if (first === '[') await this.#elements();
      else if (first === '{') await this.#members();
      else return this.#broken('is neither an array nor an object with "events"', this.#rest());
    }
  }

  /** Of the array that begins here. */
  async #elements(): Promise<void> {
    const window = this.#window;
    window.at += 1;
    for (;;) {
      const next = await window.peek();
      if (next === undefined) {
        if (!this.#isAbandoned) this.#broken('is missing: the document ends inside the array', '');
        return;
      }
      if (next === ']') {
        window.at += 1;
        return;
      }
      if (next === ',') window.at += 1;
      else await this.#element();
    }
  }

  async #element(): Promise<void> {
    const read = await this.#attempt(readJsonRow);
    if (read.fault === undefined) this.#row(read.value, read.text);
    else {
      this.#broken(read.fault, read.text);
      if (!read.isBehind) await this.#skipTo(NEXT_OBJECT);
    }
  }

  /** Of the object that begins here: it holds the array, or is an event by itself. */
  async #members(): Promise<void> {
    const window = this.#window;
    window.at += 1;
    const row: { -readonly [K in FieldName]?: string } = {};
    let hasEvents = false;
    for (;;) {
      const next = await window.peek();
      if (next === '}') break;
      if (next === ',') {
        window.at += 1;
        continue;
      }
      const key = await this.#attempt(readKey);
      if (key.fault !== undefined) return this.#abandon(key);
      if (key.value === 'events' && (await window.peek()) === '[') {
        hasEvents = true;
        await this.#elements();
        continue;
      }
      const member = await this.#attempt((cursor) => cursor.value());
      if (member.fault !== undefined) return this.#abandon(member);
      const { value } = member;
      if (isFieldName(key.value) && value.kind === 'text') row[key.value] ??= value.text;
    }
    window.at += 1;
    if (hasEvents) return;
    const text = JSON.stringify(row);
    if (row.timestamp === undefined) this.#broken('is an object without an array "events"', text);
    else this.#row(row, text);
  }

  async #abandon({ fault, text }: FailedAttempt): Promise<void> {
    this.#broken(fault, text);
    await this.#skipTo(NEXT_LINE_OBJECT);
  }

  /** Reads something at the window's place, with as much more text as it takes. */
  async #attempt<T>(read: (cursor: JsonCursor) => T): Promise<Attempt<T>> {
    const window = this.#window;
    for (;;) {
      const cursor = new JsonCursor(window.text, window.at);
      try {
        const value = read(cursor);
        const text = window.text.slice(window.at, cursor.at);
        window.at = cursor.at;
        return { value, text };
      } catch (error) {
        const isTooLong = window.text.length - window.at > ROW_LENGTH_MAX;
        if (error instanceof JsonUnfinished && !isTooLong && (await window.more())) continue;
        const text = window.text.slice(window.at, window.at + RAW_LENGTH_MAX);
        const isBehind = error instanceof JsonFault && error.isBehind;
        if (isBehind) window.at = cursor.at;
        return { fault: isTooLong ? TOO_LONG : sayJsonFault(error), text, isBehind };
      }
    }
  }

  /** Goes to the brace that the pattern ends with, or to the end of the document. */
  async #skipTo(pattern: RegExp): Promise<void> {
    this.#window.at += 1;
    const match = await this.#window.seek(pattern);
    if (match === undefined) this.#isAbandoned = true;
    else this.#window.at += match.text.length - 1;
  }

  #row(row: RawRow, text: string): void {
    this.#number += 1;
    if (this.#window.isDamaged(text))
      this.#sink.broken(this.#number, NOT_UTF8, text.slice(0, RAW_LENGTH_MAX));
    else this.#sink.row(this.#number, row, () => text);
  }

  #rest(): string {
    return this.#window.text.slice(this.#window.at);
  }

  #broken(why: string, text: string): void {
    this.#number += 1;
    this.#sink.broken(this.#number, why, text.slice(0, RAW_LENGTH_MAX));
  }
}

type Attempt<T> = { readonly value: T; readonly text: string; readonly fault?: never } | FailedAttempt;

interface FailedAttempt {
  readonly fault: string;
  readonly text: string;
  /** Whether the window stands behind it all the same. */
  readonly isBehind: boolean;
}

function readKey(cursor: JsonCursor): string {
  const key = cursor.string();
  cursor.expect(':');
  return key;
}
