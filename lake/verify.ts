/** Checks what is published against what was recorded: every file there, of its size, with its bytes and rows. */
import { createHash } from 'node:crypto';
import { isFlyerlineError } from '../infra/errors.ts';
import { readCurrentState } from './current.ts';
import { type Day, EXPORT_FORMATS, type ExportFormat, type Token } from './lake-keys.ts';
import { type Manifest, readManifest } from './manifest.ts';
import type { ObjectStore } from './object-store.ts';
import { readFooter } from './parquet-footer.ts';
import { type DayRange, isWithin } from './partitions.ts';
import { committedDays, filesOfDay, headToken, readSnapshot, type Snapshot } from './table-log.ts';

export interface Finding {
  readonly key: string;
  /** The rest of the sentence: `does not exist`, `has 120 bytes instead of 130`. */
  readonly problem: string;
}

export interface PartitionCheck {
  readonly table: string;
  readonly day: Day;
  readonly token: Token;
  readonly rowCount: number;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
  /** The way back: which drops, code and run. Undefined when it cannot be read. */
  readonly manifest: Manifest | undefined;
  /** Empty when all is well. */
  readonly findings: readonly Finding[];
}

export interface VerifyOptions extends DayRange {
  /** Whether `current/` should show the table. */
  readonly exported: boolean;
}

/** Reads every byte of the committed partitions of a table and of what `current/` shows of them. */
export async function* verifyTable(
  store: ObjectStore,
  table: string,
  options: VerifyOptions,
): AsyncGenerator<PartitionCheck> {
  const snapshot = await readSnapshot(store, table);
  for (const day of committedDays(snapshot)) {
    if (isWithin(day, options)) yield await verifyPartition(store, snapshot, day, options.exported);
  }
}

async function verifyPartition(
  store: ObjectStore,
  snapshot: Snapshot,
  day: Day,
  exported: boolean,
): Promise<PartitionCheck> {
  const { table } = snapshot;
  const token = headToken(snapshot, day)!;
  const files = filesOfDay(snapshot, day);
  const findings: Finding[] = [];
  let bytes = 0;
  const check = async (recorded: Recorded) => {
    const problem = await findProblem(store, recorded);
    if (problem !== undefined) findings.push({ key: recorded.key, problem });
    bytes += recorded.size;
  };

  for (const file of files) await check(file);
  const manifest = await readManifest(store, table, day, token).catch((error: unknown) => {
    if (!isFlyerlineError(error)) throw error;
    findings.push({ key: `manifest of claim ${BigInt(token)}`, problem: error.reason });
    return undefined;
  });
  if (manifest !== undefined && keysOf(manifest.files) !== keysOf(files)) {
    findings.push({ key: `manifest of claim ${BigInt(token)}`, problem: 'names other files than the log' });
  }
  for (const format of exported ? EXPORT_FORMATS : []) {
    const state = await readCurrentState(store, table, day, format);
    if (state === undefined) {
      if (format !== 'csv.gz') findings.push(notShown(table, format));
    } else {
      await check(state);
      if (state.token !== token) findings.push({ key: state.key, problem: 'shows an older version' });
    }
  }
  const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
  return { table, day, token, rowCount, bytes, manifest, findings };
}

/** An object as it was recorded when it was put. */
export interface Recorded {
  readonly key: string;
  readonly size: number;
  readonly rowCount: number;
  readonly sha256: string | undefined;
}

/** What is wrong with it; undefined when it is there with its bytes and rows. */
export async function findProblem(store: ObjectStore, recorded: Recorded): Promise<string | undefined> {
  const { key, size, sha256, rowCount } = recorded;
  const found = await store.head(key);
  if (found === undefined) return 'does not exist';
  if (found.size !== size) return `has ${found.size} bytes instead of ${size}`;
  const hash = createHash('sha256');
  for await (const chunk of await store.read(key)) hash.update(chunk as Uint8Array);
  if (sha256 !== undefined && hash.digest('hex') !== sha256) return 'has other bytes than were written';
  if (!key.endsWith('.parquet')) return undefined;
  const rows = await readFooter(store, key, size).then(
    (footer) => Number(footer.num_rows),
    () => undefined,
  );
  if (rows === undefined) return 'has no readable Parquet footer';
  return rows === rowCount ? undefined : `has ${rows} rows instead of ${rowCount}`;
}

function keysOf(files: readonly { readonly key: string }[]): string {
  return files
    .map(({ key }) => key)
    .sort()
    .join();
}

function notShown(table: string, format: ExportFormat): Finding {
  return { key: `current/${format}/${table}`, problem: 'does not show the partition' };
}
