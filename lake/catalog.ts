/** The data dictionary and the feed of changes under `current/`: what there is, in which version, and what changed when. */
import { z } from 'zod';
import { isFlyerlineError } from '../infra/errors.ts';
import { type CurrentState, readCurrentState } from './current.ts';
import { CATALOG_KEY, type Day, restatementsKey } from './lake-keys.ts';
import { contentOfFiles, type Manifest, readHeadManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { sha256Hex } from './sha256.ts';
import { headToken, readSnapshot } from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

const exportEntry = z.object({
  key: z.string(),
  rowCount: z.number(),
  size: z.number(),
  sha256: z.string(),
  publishedAt: z.string(),
});

const partitionEntry = z.object({
  day: z.string(),
  token: z.string(),
  rowCount: z.number(),
  codeVersion: z.string(),
  definitionVersion: z.string(),
  inputsHash: z.string(),
  runId: z.string(),
  /** By format; empty for tables that are not exported. */
  files: z.partialRecord(z.enum(['parquet', 'csv']), exportEntry),
});

const tableEntry = z.looseObject({
  name: z.string(),
  /** Table version at the last update. */
  version: z.number(),
  partitions: z.array(partitionEntry),
});

const catalogSchema = z.object({
  format: z.literal(1),
  updatedAt: z.string(),
  tables: z.array(tableEntry),
});

export type Catalog = z.infer<typeof catalogSchema>;
type TableEntry = z.infer<typeof tableEntry>;

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

/**
 * Brings the catalog, and the feed of every exported table, to what is committed and shown for a day. Call it after
 * `publishCurrent` of all formats: readers who see a line of the feed must find its data. Repeating it changes nothing.
 */
export async function updateCatalog(
  store: ObjectStore,
  schemas: readonly TableSchema[],
  day: Day,
): Promise<void> {
  const entries: TableEntry[] = [];
  for (const schema of schemas) {
    const state = await stateOf(store, schema, day);
    if (state === undefined) continue;
    if (schema.exported) await appendRestatement(store, state);
    entries.push(tableEntryOf(schema, state));
  }
  await replaceJson(store, CATALOG_KEY, (body) => {
    const catalog = body === undefined ? undefined : catalogSchema.parse(JSON.parse(body));
    return `${JSON.stringify(mergeCatalog(catalog, entries), null, 1)}\n`;
  });
}

/** Undefined before the first publication. */
export async function readCatalog(store: ObjectStore): Promise<Catalog | undefined> {
  const body = await getOrUndefined(store, CATALOG_KEY);
  return body === undefined ? undefined : catalogSchema.parse(JSON.parse(body.text));
}

/** Oldest first. */
export async function readRestatements(store: ObjectStore, table: string): Promise<Restatement[]> {
  const body = await getOrUndefined(store, restatementsKey(table));
  return body === undefined ? [] : parseLines(body.text);
}

interface PartitionState {
  readonly version: number;
  readonly manifest: Manifest;
  readonly files: Readonly<Partial<Record<'parquet' | 'csv', CurrentState>>>;
}

/** Undefined when the partition is not committed. */
async function stateOf(
  store: ObjectStore,
  schema: TableSchema,
  day: Day,
): Promise<PartitionState | undefined> {
  const snapshot = await readSnapshot(store, schema.name);
  if (headToken(snapshot, day) === undefined) return undefined;
  const [manifest, parquet, csv] = await Promise.all([
    readHeadManifest(store, schema.name, day, snapshot),
    schema.exported ? readCurrentState(store, schema.name, day, 'parquet') : undefined,
    schema.exported ? readCurrentState(store, schema.name, day, 'csv') : undefined,
  ]);
  return {
    version: snapshot.version,
    manifest: manifest!,
    files: { ...(parquet && { parquet }), ...(csv && { csv }) },
  };
}

function tableEntryOf(schema: TableSchema, { version, manifest, files }: PartitionState): TableEntry {
  const { name, description, key, columns, exported } = schema;
  const { day, token, rowCount, codeVersion, definitionVersion, inputsHash, runId } = manifest;
  return {
    name,
    version,
    description,
    key,
    exported,
    delta: `tables/${name}`,
    columns: columns.map(({ csv: _, nullable = false, ...column }) => ({ ...column, nullable })),
    partitions: [
      {
        day,
        token,
        rowCount,
        codeVersion,
        definitionVersion,
        inputsHash,
        runId,
        files: Object.fromEntries(
          Object.entries(files).map(([format, state]) => [format, exportEntry.parse(state)]),
        ),
      },
    ],
  };
}

/** Entries replace the same day of the same table, unless the catalog knows a newer claim already. */
function mergeCatalog(catalog: Catalog | undefined, entries: readonly TableEntry[]): Catalog {
  const tables = new Map(catalog?.tables.map((table) => [table.name, table]));
  for (const entry of entries) {
    const known = tables.get(entry.name);
    const partitions = new Map(known?.partitions.map((partition) => [partition.day, partition]));
    for (const partition of entry.partitions) {
      const before = partitions.get(partition.day);
      if (before === undefined || before.token <= partition.token) partitions.set(partition.day, partition);
    }
    tables.set(entry.name, {
      ...entry,
      version: Math.max(known?.version ?? 0, entry.version),
      partitions: [...partitions.values()].sort((a, b) => (a.day < b.day ? -1 : 1)),
    });
  }
  return {
    format: 1,
    updatedAt: new Date().toISOString(),
    tables: [...tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** A line per change of content of a day; the first says `published`. */
async function appendRestatement(
  store: ObjectStore,
  { version, manifest, files }: PartitionState,
): Promise<void> {
  // Nothing is shown yet: the line would announce what nobody can read.
  if (files.parquet === undefined && files.csv === undefined) return;
  const { table, day, token, rowCount, runId, reason, stats } = manifest;
  const content = sha256Hex(contentOfFiles(manifest.files)).slice(0, 32);
  await replaceJson(store, restatementsKey(table), (body) => {
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

/** Read, change, replace if unchanged, until it holds; `change` returns undefined to leave the object alone. */
async function replaceJson(
  store: ObjectStore,
  key: string,
  change: (body: string | undefined) => string | undefined,
): Promise<void> {
  for (;;) {
    const found = await getOrUndefined(store, key);
    const next = change(found?.text);
    if (next === undefined) return;
    try {
      await store.put(key, next, found === undefined ? { ifAbsent: true } : { ifMatch: found.etag });
      return;
    } catch (error) {
      // Somebody else's change got through: never all of them lose.
      if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    }
  }
}

async function getOrUndefined(store: ObjectStore, key: string) {
  try {
    const { body, info } = await store.get(key);
    return { text: body.toString(), etag: info.etag };
  } catch (error) {
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  }
}
