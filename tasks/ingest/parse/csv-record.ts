/** One CSV record (RFC 4180), and what a header says about the records under it. */
import { type FieldName, isFieldName, type RawRow, REQUIRED_FIELDS } from './raw-row.ts';

/**
 * The fields of a record, given without its line end.
 * `open`: the text ends inside quotes; `broken`: something follows a closing quote. A quote inside an unquoted field is a character.
 */
export function parseCsvRecord(text: string): string[] | 'open' | 'broken' {
  if (!text.includes('"')) return text.includes('\n') ? 'broken' : text.split(',');
  const fields: string[] = [];
  for (let at = 0; ; at += 1) {
    const field = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    if (typeof field === 'string') return field;
    fields.push(field.value);
    at = field.end;
    if (at === text.length) return fields;
    if (text[at] !== ',') return 'broken';
  }
}

type Field = { readonly value: string; readonly end: number };

function readPlain(text: string, from: number): Field | 'broken' {
  const comma = text.indexOf(',', from);
  const end = comma < 0 ? text.length : comma;
  const value = text.slice(from, end);
  return value.includes('\n') ? 'broken' : { value, end };
}

function readQuoted(text: string, openingQuote: number): Field | 'open' {
  let value = '';
  for (let from = openingQuote + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return 'open';
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}

/** Which field is in which column; undefined for columns that mean nothing here. */
export type CsvColumns = readonly (FieldName | undefined)[];

/** The columns, or what is wrong with them, as the rest of a sentence. */
export function readCsvHeader(text: string): CsvColumns | string {
  const names = parseCsvRecord(text);
  if (typeof names === 'string') return 'is no CSV record';
  const columns = names.map((name) => {
    const trimmed = name.trim().toLowerCase();
    return isFieldName(trimmed) ? trimmed : undefined;
  });
  const missing = REQUIRED_FIELDS.filter((name) => !columns.includes(name));
  if (missing.length > 0) return `has no column ${missing.join(', ')}`;
  const twice = columns.find((name, index) => name !== undefined && columns.indexOf(name) !== index);
  return twice === undefined ? columns : `has the column ${twice} twice`;
}

export function csvRow(columns: CsvColumns, fields: readonly string[]): RawRow {
  const row: { -readonly [K in FieldName]?: string } = {};
  for (const [index, name] of columns.entries()) {
    if (name !== undefined) row[name] = fields[index]!;
  }
  return row;
}
