/** Reads generated drops back with other parsers than the pipeline's, row by row, classified by rules R1 and R12. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { SaxesParser } from 'saxes';
import { EVENT_NAMES } from '../../tasks/events.ts';

export interface DropRow {
  readonly key: string;
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly fault: 'bad_row' | 'no_user' | 'unknown_event' | 'skew_future' | undefined;
  /** Local date, when the timestamp can be read. */
  readonly day: string | undefined;
  readonly instantMs: number;
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?([+-]\d{2}:\d{2}|Z)$/;
const NULL = /^(<|%3C)?(null|none|nil|nan|undefined|n\/a|\\N)(>|%3E|%3G)?$/i;

export function dropKeys(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((key) => /\.(csv|ndjson|json|xml)/.test(key))
    .sort();
}

export function readDrop(root: string, key: string): DropRow[] {
  return parseDrop(key, readText(join(root, key)));
}

export function parseDrop(key: string, text: string): DropRow[] {
  return recordsOf(text, key.replace(/\.(gz|zst)$/, '')).map((fields) => classify(key, fields));
}

export function readText(path: string): string {
  const bytes = readFileSync(path);
  if (path.endsWith('.gz')) return gunzipSync(bytes).toString('utf8');
  return (path.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes).toString('utf8');
}

/** A spelled null, as against an id left out. */
export function isSpelledNull(value: string | undefined): boolean {
  return value !== undefined && NULL.test(value.trim());
}

/** The id after rule R2; empty = unknown. */
export function idOf(value: string | undefined): string {
  return value === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(value.trim()) || NULL.test(value.trim())
    ? ''
    : value.trim();
}

export function eventOf(row: DropRow): string {
  return (row.fields.event ?? '').trim().toLowerCase();
}

function recordsOf(text: string, name: string): Record<string, string | undefined>[] {
  if (name.endsWith('.csv')) return parse(text, { columns: true, relax_column_count: true });
  if (name.endsWith('.json')) return JSON.parse(text).events.map(asText);
  if (name.endsWith('.ndjson')) return text.trimEnd().split('\n').map(parseLine);
  return xmlRecords(text);
}

function parseLine(line: string): Record<string, string | undefined> {
  try {
    return asText(JSON.parse(line));
  } catch {
    return {};
  }
}

function asText(record: Record<string, unknown>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, value === null ? undefined : String(value)]),
  );
}

function xmlRecords(text: string): Record<string, string | undefined>[] {
  const records: Record<string, string | undefined>[] = [];
  const path: string[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    path.push(name);
    if (path.length === 2) records.push({ ...(attributes as Record<string, string>) });
  });
  parser.on('text', (value) => {
    if (path.length === 3) records.at(-1)![path[2]!] = value;
  });
  parser.on('closetag', () => path.pop());
  parser.write(text).close();
  return records;
}

function classify(key: string, fields: Record<string, string | undefined>): DropRow {
  const stamp = fields.timestamp ?? '';
  const instantMs = TIMESTAMP.test(stamp) ? Date.parse(stamp) : Number.NaN;
  if (Number.isNaN(instantMs)) return { key, fields, fault: 'bad_row', day: undefined, instantMs };
  const day = stamp.slice(0, 10);
  if ((fields.user_id ?? '').trim() === '') return { key, fields, fault: 'no_user', day, instantMs };
  const known = (EVENT_NAMES as readonly string[]).includes((fields.event ?? '').trim().toLowerCase());
  if (!known) return { key, fields, fault: 'unknown_event', day, instantMs };
  const isAhead = instantMs > Date.parse(fields.received_at ?? '') + 300_000;
  return { key, fields, fault: isAhead ? 'skew_future' : undefined, day, instantMs };
}
