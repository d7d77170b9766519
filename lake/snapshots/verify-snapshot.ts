/** Checks that everything a named snapshot names is still there as it was frozen: files, manifests, and the version in the log. */
import { isFlyerlineError } from '../../infra/errors.ts';
import { logEntryKey, manifestKey } from '../lake-keys.ts';
import type { ObjectStore } from '../object-store.ts';
import { filesOfDay, readSnapshot } from '../table-log.ts';
import { type Finding, findProblem } from '../verify.ts';
import { frozenTable } from './frozen-table.ts';
import type { FrozenTable, NamedSnapshot } from './named-snapshot.ts';

export interface SnapshotCheck {
  readonly name: string;
  /** Bytes that were read and hashed. */
  readonly bytes: number;
  readonly files: number;
  /** Empty when all is well. */
  readonly findings: readonly Finding[];
}

/** @param isRead keys whose bytes were checked already; they are not read again */
export async function verifyNamedSnapshot(
  store: ObjectStore,
  snapshot: NamedSnapshot,
  isRead: (key: string) => boolean = () => false,
): Promise<SnapshotCheck> {
  const findings: Finding[] = [];
  let [bytes, files] = [0, 0];
  for (const table of snapshot.tables) {
    for (const file of frozenTable(snapshot, table.table).files.values()) {
      files += 1;
      if (isRead(file.key)) continue;
      const problem = await findProblem(store, file);
      if (problem !== undefined) findings.push({ key: file.key, problem });
      bytes += file.size;
    }
    for (const { day, token } of table.partitions) {
      const key = manifestKey(table.table, day, token);
      if ((await store.head(key)) === undefined) findings.push({ key, problem: 'does not exist' });
    }
    const problem = await logProblem(store, snapshot, table);
    if (problem !== undefined) findings.push({ key: logEntryKey(table.table, table.version), problem });
  }
  return { name: snapshot.name, bytes, files, findings };
}

/** Whether readers of Delta find the same files under the version. */
async function logProblem(
  store: ObjectStore,
  snapshot: NamedSnapshot,
  { table, version, partitions }: FrozenTable,
): Promise<string | undefined> {
  try {
    const shown = await readSnapshot(store, table, { version });
    const frozen = frozenTable(snapshot, table);
    const paths = (of: typeof shown, day: string) => filesOfDay(of, day).map(({ path }) => path);
    const isSame = partitions.every(({ day }) => paths(shown, day).join() === paths(frozen, day).join());
    return isSame ? undefined : `shows other files than snapshot "${snapshot.name}" froze`;
  } catch (error) {
    if (!isFlyerlineError(error)) throw error;
    return error.reason;
  }
}
