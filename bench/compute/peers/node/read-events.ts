/** Drops into event objects, with a stream and csv-parse or JSON.parse (rules R1, R2 and the horizon of R12). */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { dropPaths, type PeerJob } from '../job.ts';

export interface Event {
  userId: string;
  instantMs: number;
  localMs: number;
  rank: number;
  flyerId: string;
  merchantId: string;
}

type Row = Partial<Record<'timestamp' | 'user_id' | 'event' | 'flyer_id' | 'merchant_id', string | null>>;

const NAMES = [
  'flyer_close',
  'list_flyers',
  'flyer_open',
  'item_open',
  'favorite',
  'shopping_list_open',
  'checkout',
];
const RANKS = new Map(NAMES.map((name, rank) => [name, rank]));
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const NULL_WORDS = new Set(['null', 'none', 'nil', 'nan', 'undefined']);

const DAY_MS = 86_400_000;

/** In any order. */
export async function* readEvents(job: PeerJob): AsyncGenerator<Event> {
  const { day, rules, format } = job;
  const dayStartMs = Date.parse(`${day}T00:00:00Z`);
  const fromMs = dayStartMs - DAY_MS;
  const toMs = dayStartMs + DAY_MS + (rules.max_view_s + rules.inactivity_timeout_s) * 1000;
  const readRows = format === 'ndjson' ? readNdjson : readCsv;
  for (const path of dropPaths(job)) {
    for await (const row of readRows(path)) {
      const event = toEvent(row);
      if (event !== undefined && event.localMs >= fromMs && event.localMs <= toMs) yield event;
    }
  }
}

function toEvent(row: Row): Event | undefined {
  const [, wallClock] = TIMESTAMP.exec(row.timestamp ?? '') ?? [];
  const rank = RANKS.get((row.event ?? '').trim().toLowerCase());
  if (wallClock === undefined || rank === undefined || !row.user_id) return undefined;
  const instantMs = Date.parse(row.timestamp!);
  if (Number.isNaN(instantMs)) return undefined;
  return {
    userId: row.user_id,
    instantMs,
    localMs: Date.parse(`${wallClock}Z`),
    rank,
    flyerId: knownId(row.flyer_id),
    merchantId: knownId(row.merchant_id),
  };
}

/** '' = unknown. */
function knownId(text: string | null | undefined): string {
  const id = (text ?? '').trim();
  return ID.test(id) && !NULL_WORDS.has(id.toLowerCase()) ? id : '';
}

function readCsv(path: string): AsyncIterable<Row> {
  return readText(path).pipe(parse({ columns: true, relaxColumnCount: true }));
}

async function* readNdjson(path: string): AsyncGenerator<Row> {
  for await (const line of createInterface({ input: readText(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    try {
      yield JSON.parse(line) as Row;
    } catch {
      // A broken line is no event.
    }
  }
}

function readText(path: string): NodeJS.ReadableStream {
  const file = createReadStream(path);
  return path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
}
