/** The feed `current/<table>/restatements.ndjson`: what changed when, for readers that load only what is new. */
import { z } from 'zod';
import { isFlyerlineError } from '../infra/errors.ts';
import { type Day, restatementsKey, type Token } from './lake-keys.ts';
import { contentOfFiles, type Manifest, readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { getText, replaceText } from './replace-text.ts';
import { restatementReason } from './restatement-reason.ts';
import { sha256Hex } from './sha256.ts';

const figures = z.record(z.string(), z.number());

/** Lines of earlier versions of the program lack what has a default. */
const restatement = z.object({
  /** Its place in the feed, from 1: what a reader remembers. */
  seq: z.number().optional(),
  table: z.string(),
  day: z.string(),
  kind: z.enum(['published', 'restated']),
  token: z.string(),
  previousToken: z.string().nullable(),
  /** Of the table; it, and any newer one, shows this change of the day. From line to line it never falls. */
  version: z.number(),
  /** That of the day's line before. */
  previousVersion: z.number().nullable().default(null),
  rowCount: z.number(),
  previousRowCount: z.number().nullable(),
  /** Of the partition's rows: equal content, equal text. */
  content: z.string(),
  runId: z.string(),
  /** In words; null for the first publication of a day. */
  reason: z.string().nullable(),
  /** Of the whole day, whatever the table. */
  stats: figures.nullable(),
  previousStats: figures.nullable().default(null),
  /** New minus old, of `rows` and of every statistic that both have; null for the first publication of a day. */
  deltas: figures.nullable().default(null),
  /** ISO 8601, UTC. */
  at: z.string(),
});

/** One line of `current/<table>/restatements.ndjson`. */
export type Restatement = z.infer<typeof restatement> & { readonly seq: number };

/** Oldest first: the line at index n has the seq n + 1. */
export async function readRestatements(store: ObjectStore, table: string): Promise<Restatement[]> {
  const body = await getText(store, restatementsKey(table));
  return body === undefined ? [] : parseLines(body.text);
}

/**
 * A line per change of content of a day; the first says `published`. Call it once the change is shown: readers who see a
 * line must find its data. `version` is the table's.
 */
export async function appendRestatement(
  store: ObjectStore,
  manifest: Manifest,
  version: number,
): Promise<void> {
  const { table, day, token, rowCount, runId, stats = null } = manifest;
  const content = sha256Hex(contentOfFiles(manifest.files)).slice(0, 32);
  await replaceText(store, restatementsKey(table), async (body) => {
    const lines = body === undefined ? [] : parseLines(body);
    const previous = lines.findLast((line) => line.day === day);
    if (previous !== undefined && (previous.content === content || previous.token >= token)) return undefined;
    const line: Restatement = {
      seq: lines.length + 1,
      ...{ table, day, kind: previous === undefined ? 'published' : 'restated' },
      ...{ token, previousToken: previous?.token ?? null },
      // Somebody who looked later, at another day, may have written first.
      version: Math.max(version, lines.at(-1)?.version ?? 0),
      previousVersion: previous?.version ?? null,
      ...{ rowCount, previousRowCount: previous?.rowCount ?? null },
      ...{ content, runId, reason: await reasonOf(store, previous?.token, manifest) },
      ...{ stats, previousStats: previous?.stats ?? null },
      deltas: previous === undefined ? null : deltasOf(previous, rowCount, stats),
      at: new Date().toISOString(),
    };
    return `${body ?? ''}${JSON.stringify(line)}\n`;
  });
}

async function reasonOf(
  store: ObjectStore,
  previous: Token | undefined,
  manifest: Manifest,
): Promise<string | null> {
  const given = manifest.reason ?? null;
  if (previous === undefined || given !== null) return given;
  const before = await findManifest(store, manifest.table, manifest.day, previous);
  return before === undefined ? null : restatementReason(before, manifest);
}

/** Undefined when it was collected: the day was replaced long ago, and its feed was not brought along. */
async function findManifest(
  store: ObjectStore,
  table: string,
  day: Day,
  token: Token,
): Promise<Manifest | undefined> {
  return readManifest(store, table, day, token).catch((error: unknown) => {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  });
}

const PRECISION = 1e6;

function deltasOf(
  previous: Restatement,
  rowCount: number,
  stats: Readonly<Record<string, number>> | null,
): Record<string, number> {
  const deltas: Record<string, number> = { rows: rowCount - previous.rowCount };
  for (const [name, value] of Object.entries(stats ?? {})) {
    const before = previous.stats?.[name];
    // Binary fractions: 10.3 - 10.1 is 0.20000000000000107.
    if (before !== undefined) deltas[name] = Math.round((value - before) * PRECISION) / PRECISION;
  }
  return deltas;
}

function parseLines(body: string): Restatement[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => ({ ...restatement.parse(JSON.parse(line)), seq: index + 1 }));
}
