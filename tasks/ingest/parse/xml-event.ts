/** One `<event>` element as a row. */
import { SaxesParser } from 'saxes';
import { type FieldName, isFieldName, type RawRow } from './raw-row.ts';

const START_TAG = /^<event(?:[^>"']|"[^"]*"|'[^']*')*>/;
/** The end of the element, or a child of its own name: the field `event`, which holds no further elements. */
const END_OR_CHILD = /<\/event\s*>|<event\s*(?:\/>|>[^<]*<\/event\s*>)/g;
/** Where such a child begins. */
export const EVENT_CHILD = /<event\s*(?:\/>|>[^<]*<\/event\s*>)/g;

/** Keeps its parser from element to element: making one costs more than reading an element. */
export class XmlEventReader {
  readonly #parser = new SaxesParser({ position: false });
  #fault: string | undefined;
  #row: { [K in FieldName]?: string } = {};
  #depth = 0;
  #text = '';

  constructor() {
    this.#parser.on('error', (error) => {
      this.#fault ??= error.message;
    });
    this.#parser.on('opentag', ({ attributes }) => this.#open(attributes as Record<string, string>));
    this.#parser.on('closetag', (tag) => this.#close(tag.name));
    this.#parser.on('text', (text) => this.#add(text));
    this.#parser.on('cdata', (text) => this.#add(text));
  }

  /** The row, or why the element is none. The element may be followed by something else. */
  read(text: string): RawRow | string {
    this.#fault = undefined;
    this.#row = {};
    this.#depth = 0;
    this.#parser.write(elementOf(text)).close();
    return this.#fault === undefined ? this.#row : `is not well-formed: ${this.#fault}`;
  }

  #open(attributes: Readonly<Record<string, string>>): void {
    this.#depth += 1;
    this.#text = '';
    if (this.#depth > 1) return;
    for (const [name, value] of Object.entries(attributes)) if (isFieldName(name)) this.#row[name] = value;
  }

  #close(name: string): void {
    this.#depth -= 1;
    // Of two with one name the first counts.
    if (this.#depth === 1 && isFieldName(name)) this.#row[name] ??= this.#text.trim();
  }

  #add(text: string): void {
    if (this.#depth === 2) this.#text += text;
  }
}

/** Without what follows the element. */
function elementOf(text: string): string {
  return text.slice(0, elementEnd(text));
}

/** Where the element ends that begins the text; undefined when it goes on, or is never closed. */
export function elementEnd(text: string): number | undefined {
  const startTag = START_TAG.exec(text)?.[0];
  if (startTag === undefined || startTag.endsWith('/>')) return startTag?.length;
  END_OR_CHILD.lastIndex = startTag.length;
  for (let match = END_OR_CHILD.exec(text); match !== null; match = END_OR_CHILD.exec(text)) {
    if (match[0].startsWith('</')) return END_OR_CHILD.lastIndex;
  }
  return undefined;
}

/** Whether something else than white space and closing tags follows the element. */
export function closesMore(text: string): boolean {
  return text.slice(elementOf(text).length).includes('</');
}
