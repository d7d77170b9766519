/** Which version of each partition is committed, of many tables and days at once, with the digest of its manifest. */
import { readCurrentState } from './current.ts';
import { type DigestEntry, readDigests, recordDigests } from './digest-months.ts';
import type { Day } from './lake-keys.ts';
import { readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { digestOf, type PartitionDigest } from './partition-digest.ts';
import { contentOfCommitted } from './partition-verdict.ts';
import { isWithin } from './partitions.ts';
import { sha256Hex } from './sha256.ts';
import {
  committedDays,
  filesOfDay,
  headToken,
  pinnedToken,
  readSnapshot,
  readTransactions,
} from './table-log.ts';
import type { TableSchema } from './table-schema.ts';

export interface PartitionHead {
  readonly table: string;
  readonly day: Day;
  readonly digest: PartitionDigest;
  readonly isPinned: boolean;
  /** As manifests of what is made of it name it; only where it is asked for. */
  readonly contentHash?: string;
}

export interface HeadsOptions {
  /** Both included. */
  readonly from: Day;
  readonly to: Day;
  /** Digests that had to be read from manifests are written down for the next reader. @default false */
  readonly heals?: boolean;
  /** Tables whose contents are asked for. @default none */
  readonly contentOf?: readonly string[];
}

const READS_AT_ONCE = 32;

/** In order of tables, then of days. */
export async function readHeads(
  store: ObjectStore,
  tables: readonly TableSchema[],
  options: HeadsOptions,
): Promise<PartitionHead[]> {
  const { from, to, heals = false, contentOf = [] } = options;
  const [digests, ...snapshots] = await Promise.all([
    readDigests(store, { from, to }),
    ...tables.map(({ name }) =>
      contentOf.includes(name) ? readSnapshot(store, name) : readTransactions(store, name),
    ),
  ]);
  const heads: PartitionHead[] = [];
  const unknown: { schema: TableSchema; day: Day; token: string; at: number }[] = [];
  for (const [index, snapshot] of snapshots.entries()) {
    const schema = tables[index]!;
    const known = digests.get(schema.name);
    for (const day of committedDays(snapshot)) {
      if (!isWithin(day, { from, to })) continue;
      const token = headToken(snapshot, day)!;
      const digest = known?.get(day);
      // A digest says "not shown" of the time it was taken.
      const isUsable = digest !== undefined && digest.token === token && digest.isShown;
      if (!isUsable) unknown.push({ schema, day, token, at: heads.length });
      const isPinned = pinnedToken(snapshot, day) !== undefined;
      const content = contentOf.includes(schema.name)
        ? { contentHash: sha256Hex(contentOfCommitted(filesOfDay(snapshot, day))) }
        : {};
      heads.push({ table: schema.name, day, digest: digest!, isPinned, ...content });
    }
  }
  const read: DigestEntry[] = [];
  for (let start = 0; start < unknown.length; start += READS_AT_ONCE) {
    await Promise.all(
      unknown.slice(start, start + READS_AT_ONCE).map(async ({ schema, day, token, at }) => {
        const digest = await readDigest(store, schema, day, token);
        heads[at] = { ...heads[at]!, digest };
        read.push({ table: schema.name, day, digest });
      }),
    );
  }
  if (heals && read.length > 0) await recordDigests(store, read);
  return heads;
}

/** From the manifest, and from what the exports say of themselves. Throws FL_OBJECT_MISSING. */
async function readDigest(
  store: ObjectStore,
  { name, exported }: TableSchema,
  day: Day,
  token: string,
): Promise<PartitionDigest> {
  const formats = exported ? (['parquet', 'csv'] as const) : [];
  const [manifest, ...shown] = await Promise.all([
    readManifest(store, name, day, token),
    ...formats.map((format) => readCurrentState(store, name, day, format)),
  ]);
  return digestOf(
    manifest,
    shown.every((state) => state?.token === token),
  );
}
