/** XML drops: `<event>` elements with the fields as attributes or as children. Read as a stream; a broken element costs only itself. */
import { NOT_UTF8, RAW_LENGTH_MAX, ROW_LENGTH_MAX, type RowSink, TOO_LONG } from './row-sink.ts';
import { TextWindow } from './text-window.ts';
import { closesMore, EVENT_CHILD, elementEnd, XmlEventReader } from './xml-event.ts';

/**
 * "<" can stand nowhere inside a well-formed tag or text: "<event" begins an element, and what is before the next one is all of it,
 * however broken. Unless it is the field `event` as a child: a text alone, in an element that is still open.
 * The exceptions are passed over: comments, CDATA sections, instructions, and the DTD, whose entities stay unknown.
 */
const START = /<event(?=[\s/>])|<!--|<!\[CDATA\[|<\?|<!DOCTYPE/g;
const ENDS: Readonly<Record<string, RegExp>> = {
  '<!--': /-->/g,
  '<![CDATA[': /\]\]>/g,
  '<?': /\?>/g,
  '"': /"/g,
  "'": /'/g,
};
/** What counts in a DTD: its own end, that of the part in brackets, and what may hold either without meaning it. */
const DTD_MARK = /["'[\]>]|<!--/g;
const OTHER_ELEMENT = /<(?!event[\s/>])[A-Za-z_]/;

/** Rows are numbered from 1. */
export async function readXmlDocument(source: AsyncIterable<Buffer>, sink: RowSink): Promise<void> {
  await new XmlDocument(source, sink).read();
}

class XmlDocument {
  readonly #window: TextWindow;
  readonly #sink: RowSink;
  readonly #reader = new XmlEventReader();
  #number = 0;
  #lastText = '';

  constructor(source: AsyncIterable<Buffer>, sink: RowSink) {
    this.#window = new TextWindow(source);
    this.#sink = sink;
  }

  async read(): Promise<void> {
    const window = this.#window;
    if ((await window.peek()) === undefined) return;
    const head = await window.next(RAW_LENGTH_MAX);
    if (!head.startsWith('<')) return this.#broken('is no XML', head);

    for (let start = await window.seek(START); start !== undefined; start = await window.seek(START)) {
      if (start.text === '<event') await this.#event();
      else {
        const end = await this.#opaqueEnd(start.text, 0);
        if (end === undefined && start.text === '<!DOCTYPE')
          return this.#broken('has a DTD that never ends', head);
        window.at += end ?? start.text.length;
      }
    }
    const isEnveloped = OTHER_ELEMENT.test(head.split(/<event[\s/>]/)[0]!.replace(/<!--[\s\S]*?-->/g, ''));
    if (this.#number === 0) {
      if ((head.match(/<[A-Za-z_]/g)?.length ?? 0) > 1) this.#broken('has no <event> element', head);
    } else if (isEnveloped && !closesMore(this.#lastText)) {
      this.#broken('is missing: the document ends before its root element does', '');
    }
  }

  /** Of the element that begins here. */
  async #event(): Promise<void> {
    const window = this.#window;
    const end = await this.#eventEnd();
    const text = window.text.slice(window.at, end === undefined ? undefined : window.at + end);
    window.at += end ?? text.length;
    this.#lastText = text;
    const element = text.trimEnd();
    if (text.length > ROW_LENGTH_MAX) return this.#broken(TOO_LONG, element);
    if (window.isDamaged(text)) return this.#broken(NOT_UTF8, element);
    const row = this.#reader.read(element);
    if (typeof row === 'string') return this.#broken(row, element);
    this.#number += 1;
    this.#sink.row(this.#number, row, () => element);
  }

  /** Where the next event begins, in characters from here; undefined: this is the last. */
  async #eventEnd(): Promise<number | undefined> {
    for (let from = '<event'.length; ; ) {
      const next = await this.#window.find(START, from, ROW_LENGTH_MAX);
      if (next === undefined) return undefined;
      if (next.text === '<event') {
        const childEnd = await this.#childEnd(next.ahead);
        if (childEnd === undefined) return next.ahead;
        from = childEnd;
        continue;
      }
      from = (await this.#opaqueEnd(next.text, next.ahead)) ?? next.ahead + next.text.length;
    }
  }

  /** "<event" begins the next element, unless this one is still open and has the field `event` as a child there. */
  async #childEnd(ahead: number): Promise<number | undefined> {
    const window = this.#window;
    if (elementEnd(window.text.slice(window.at, window.at + ahead)) !== undefined) return undefined;
    const child = await window.find(EVENT_CHILD, ahead, ahead);
    return child?.ahead === ahead ? ahead + child.text.length : undefined;
  }

  /** The end of a comment or the like that begins `ahead` of here, in characters from here; undefined: it has none. */
  async #opaqueEnd(start: string, ahead: number): Promise<number | undefined> {
    if (start === '<!DOCTYPE') return this.#dtdEnd(ahead + start.length);
    const end = await this.#window.find(ENDS[start]!, ahead + start.length, ahead + ROW_LENGTH_MAX);
    return end === undefined ? undefined : end.ahead + end.text.length;
  }

  async #dtdEnd(ahead: number): Promise<number | undefined> {
    let isInBrackets = false;
    for (let from = ahead; ; ) {
      const mark = await this.#window.find(DTD_MARK, from, ahead + ROW_LENGTH_MAX);
      if (mark === undefined) return undefined;
      from = mark.ahead + mark.text.length;
      if (mark.text === '>' && !isInBrackets) return from;
      if (mark.text === '[' || mark.text === ']') isInBrackets = mark.text === '[';
      if (ENDS[mark.text] === undefined) continue;
      const end = await this.#opaqueEnd(mark.text, mark.ahead);
      if (end === undefined) return undefined;
      from = end;
    }
  }

  #broken(why: string, text: string): void {
    this.#number += 1;
    this.#sink.broken(this.#number, why, text.slice(0, RAW_LENGTH_MAX));
  }
}
