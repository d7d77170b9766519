/** A table as a named snapshot froze it: its days and files, from the snapshot's document alone. */
import { FlyerlineError } from '../../infra/errors.ts';
import { tableDir, txnAppId } from '../lake-keys.ts';
import { type AddFile, emptySnapshot, type Snapshot } from '../snapshot.ts';
import type { FrozenPartition, FrozenTable, NamedSnapshot } from './named-snapshot.ts';

/** Only the frozen days; without statistics, columns and what was removed. Throws FL_OBJECT_MISSING for a table that is not in it. */
export function frozenTable(snapshot: NamedSnapshot, table: string): Snapshot {
  const frozen = snapshot.tables.find((one) => one.table === table);
  if (frozen === undefined) throw notFrozen(snapshot, table);
  const { version, partitions } = frozen;
  return {
    ...emptySnapshot(table),
    version,
    committedAtMs: Date.parse(snapshot.createdAt),
    files: new Map(partitions.flatMap((partition) => filesOf(table, partition))),
    txns: new Map(partitions.map(({ day, token }) => [txnAppId(day), BigInt(token)])),
  };
}

/** Keys in the store. */
export function frozenKeys({ table, partitions }: FrozenTable): string[] {
  return partitions.flatMap(({ files }) => files.map(({ path }) => tableDir(table) + path));
}

function filesOf(table: string, { day, files }: FrozenPartition): [string, AddFile][] {
  return files.map(({ path, size, rowCount, sha256 }) => {
    const key = tableDir(table) + path;
    const known = sha256 === '' ? undefined : sha256;
    return [path, { path, key, day, size, rowCount, sha256: known, modificationTimeMs: 0, stats: undefined }];
  });
}

function notFrozen({ name, tables }: NamedSnapshot, table: string): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Table "${table}"`,
    reason: `is not in snapshot "${name}"`,
    remedy: `it holds ${tables.map((frozen) => frozen.table).join(', ')}`,
    retryable: false,
  });
}
