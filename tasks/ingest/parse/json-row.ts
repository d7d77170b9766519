/** A JSON object as a row, and NDJSON: one of them a line. */
import { JsonCursor, JsonFault, JsonUnfinished } from './json-cursor.ts';
import { type FieldName, isFieldName, type RawRow } from './raw-row.ts';
import { RAW_LENGTH_MAX, type RowSink } from './row-sink.ts';

/** What is no number or no timestamp is none, whatever it is. */
const UNIMPORTANT: ReadonlySet<FieldName> = new Set(['seq', 'received_at']);

/** Reads an object's fields; of two with one name the first counts. Throws JsonFault and JsonUnfinished. */
export function readJsonRow(cursor: JsonCursor): RawRow {
  const row: { -readonly [K in FieldName]?: string } = {};
  const seen = new Set<string>();
  let fault: JsonFault | undefined;
  cursor.object((key) => {
    const value = cursor.value();
    if (!isFieldName(key) || seen.has(key)) return;
    seen.add(key);
    if (value.kind === 'text') row[key] = value.text;
    else if (value.kind === 'container' && !UNIMPORTANT.has(key))
      fault ??= new JsonFault(cursor.at, `has an object or array as ${key}`, true);
  });
  // Thrown at the end only, so that the cursor stands behind the object and the next one can be read.
  if (fault !== undefined) throw fault;
  return row;
}

/** A line of NDJSON. */
export function readNdjsonLine(line: number, text: string, sink: RowSink): void {
  const raw = text.endsWith('\r') ? text.slice(0, -1) : text;
  const cursor = new JsonCursor(raw);
  if (cursor.peek() === undefined) return;
  try {
    const row = readJsonRow(cursor);
    if (cursor.peek() !== undefined) throw new JsonFault(cursor.at, 'goes on after the object');
    sink.row(line, row, () => raw);
  } catch (error) {
    sink.broken(line, sayJsonFault(error), raw.slice(0, RAW_LENGTH_MAX));
  }
}

export function sayJsonFault(error: unknown): string {
  if (error instanceof JsonFault) return error.message;
  if (error instanceof JsonUnfinished) return 'ends inside the object';
  throw error;
}
