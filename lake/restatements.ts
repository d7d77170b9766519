/** The feed `current/<table>/restatements.ndjson`: what changed when, for readers that load only what is new. */
import { z } from 'zod';
import { restatementsKey } from './lake-keys.ts';
import { contentOfFiles, type Manifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { getText, replaceText } from './replace-text.ts';
import { sha256Hex } from './sha256.ts';

const restatement = z.object({
  table: z.string(),
  day: z.string(),
  kind: z.enum(['published', 'restated']),
  token: z.string(),
  previousToken: z.string().nullable(),
  version: z.number(),
  rowCount: z.number(),
  previousRowCount: z.number().nullable(),
  /** Of the partition's rows: equal content, equal text. */
  content: z.string(),
  runId: z.string(),
  reason: z.string().nullable(),
  stats: z.record(z.string(), z.number()).nullable(),
  /** ISO 8601, UTC. */
  at: z.string(),
});

/** One line of `current/<table>/restatements.ndjson`. */
export type Restatement = z.infer<typeof restatement>;

/** Oldest first. */
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
  const { table, day, token, rowCount, runId, reason, stats } = manifest;
  const content = sha256Hex(contentOfFiles(manifest.files)).slice(0, 32);
  await replaceText(store, restatementsKey(table), (body) => {
    const lines = body === undefined ? [] : parseLines(body);
    const previous = lines.findLast((line) => line.day === day);
    if (previous !== undefined && (previous.content === content || previous.token >= token)) return undefined;
    const line: Restatement = {
      table,
      day,
      kind: previous === undefined ? 'published' : 'restated',
      token,
      previousToken: previous?.token ?? null,
      version,
      rowCount,
      previousRowCount: previous?.rowCount ?? null,
      content,
      runId,
      reason: reason ?? null,
      stats: stats ?? null,
      at: new Date().toISOString(),
    };
    return `${body ?? ''}${JSON.stringify(line)}\n`;
  });
}

function parseLines(body: string): Restatement[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => restatement.parse(JSON.parse(line)));
}
