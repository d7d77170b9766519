/** The data dictionary `current/catalog.json`: which tables and partitions there are, in which version. */
import { z } from 'zod';
import { type CurrentState, readCurrentState } from './current.ts';
import { type DigestEntry, recordDigests } from './digest-months.ts';
import { CATALOG_KEY, type Day, EXPORT_FORMATS, type ExportFormat } from './lake-keys.ts';
import { type Manifest, readHeadManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { digestOf } from './partition-digest.ts';
import { getText, replaceText } from './replace-text.ts';
import { appendRestatement } from './restatements.ts';
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
  files: z.partialRecord(z.enum(EXPORT_FORMATS), exportEntry),
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

/**
 * Brings the catalog, and the feed of every exported table, to what is committed and shown for a day. Call it after
 * `publishCurrent` of all formats: readers who see a line of the feed must find its data. Repeating it changes nothing.
 */
export async function updateCatalog(
  store: ObjectStore,
  schemas: readonly TableSchema[],
  day: Day,
): Promise<void> {
  const found = await Promise.all(schemas.map((schema) => bringToHead(store, schema, day)));
  const known = found.filter((state) => state !== undefined);
  const entries = known.map(({ entry }) => entry);
  await recordDigests(
    store,
    known.map(({ digest }) => digest),
  );
  await replaceText(store, CATALOG_KEY, (body) => {
    const catalog = body === undefined ? undefined : catalogSchema.parse(JSON.parse(body));
    return `${JSON.stringify(mergeCatalog(catalog, entries), null, 1)}\n`;
  });
}

/** Undefined before the first publication. */
export async function readCatalog(store: ObjectStore): Promise<Catalog | undefined> {
  const body = await getText(store, CATALOG_KEY);
  return body === undefined ? undefined : catalogSchema.parse(JSON.parse(body.text));
}

/** The feed's line, if there is something new to tell, and the catalog's entry; undefined when nothing is committed. */
async function bringToHead(
  store: ObjectStore,
  schema: TableSchema,
  day: Day,
): Promise<{ readonly entry: TableEntry; readonly digest: DigestEntry } | undefined> {
  const state = await stateOf(store, schema, day);
  if (state === undefined) return undefined;
  const { files, manifest, version } = state;
  if (Object.keys(files).length > 0) await appendRestatement(store, manifest, version);
  const isShown = !schema.exported || FORMATS.every((format) => files[format]?.token === manifest.token);
  return {
    entry: tableEntryOf(schema, state),
    digest: { table: schema.name, day, digest: digestOf(manifest, isShown) },
  };
}

/** Those that every exported partition has. */
const FORMATS = ['parquet', 'csv'] as const;

interface PartitionState {
  readonly version: number;
  readonly manifest: Manifest;
  readonly files: Readonly<Partial<Record<ExportFormat, CurrentState>>>;
}

/** Undefined when the partition is not committed. */
async function stateOf(
  store: ObjectStore,
  schema: TableSchema,
  day: Day,
): Promise<PartitionState | undefined> {
  const snapshot = await readSnapshot(store, schema.name);
  if (headToken(snapshot, day) === undefined) return undefined;
  const formats = schema.exported ? EXPORT_FORMATS : [];
  const [manifest, ...states] = await Promise.all([
    readHeadManifest(store, schema.name, day, snapshot),
    ...formats.map((format) => readCurrentState(store, schema.name, day, format)),
  ]);
  return {
    version: snapshot.version,
    manifest: manifest!,
    files: Object.fromEntries(
      states.flatMap((state) => (state === undefined ? [] : [[state.format, state]])),
    ),
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
