/** `snapshot list`: the snapshots of the lake, and what they cost. */
import { changesSince, type TablesNow } from '../../lake/snapshots/changes-since.ts';
import { type NamedSnapshot, readNamedSnapshots } from '../../lake/snapshots/named-snapshot.ts';
import { type LakeOptions, withLake } from '../lake/open-lake.ts';
import { formatBytes, formatCount, table } from '../terminal.ts';
import { daysOf, jsonOf, sumOf } from './snapshot-text.ts';

export interface SnapshotOptions extends LakeOptions {}

interface Listed {
  readonly snapshot: NamedSnapshot;
  /** Bytes that no table shows any more. */
  readonly heldBytes: number;
  readonly restatedDays: number;
}

export async function list(options: SnapshotOptions): Promise<void> {
  await withLake(options, 'read', async (store, { json }) => {
    const listed: Listed[] = [];
    const tablesNow: TablesNow = new Map();
    for (const snapshot of await readNamedSnapshots(store)) {
      const tables = await changesSince(store, snapshot, tablesNow);
      listed.push({
        snapshot,
        heldBytes: tables.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
        restatedDays: new Set(tables.flatMap(({ restated }) => restated.map(({ day }) => day))).size,
      });
    }
    const snapshots = listed.map(({ snapshot, ...since }) => ({ ...jsonOf(snapshot), ...since }));
    process.stdout.write(json ? `${JSON.stringify({ snapshots })}\n` : `${describe(listed)}\n`);
  });
}

function describe(listed: readonly Listed[]): string {
  if (listed.length === 0) return 'There is no snapshot. Take one: ./flyerline snapshot create <name>';
  return table(listed, [
    { header: 'Snapshot', value: ({ snapshot }) => snapshot.name },
    { header: 'Taken', value: ({ snapshot }) => snapshot.createdAt.slice(0, 10) },
    { header: 'Holds', value: ({ snapshot }) => daysOf(snapshot) },
    { header: 'Tables', value: ({ snapshot }) => snapshot.tables.length, align: 'right' },
    { header: 'Rows', value: ({ snapshot }) => formatCount(sumOf(snapshot, 'rowCount')), align: 'right' },
    { header: 'Size', value: ({ snapshot }) => formatBytes(sumOf(snapshot, 'size')), align: 'right' },
    { header: 'Restated since', value: daysRestated, align: 'right' },
    // What its deletion would free, unless another snapshot or the retention keeps it, too.
    { header: 'Kept for it', value: ({ heldBytes }) => formatBytes(heldBytes), align: 'right' },
    { header: 'Note', value: ({ snapshot }) => snapshot.note ?? undefined, widthMax: 40 },
  ]);
}

function daysRestated({ restatedDays }: Listed): string {
  return restatedDays === 0 ? 'nothing' : `${formatCount(restatedDays)} day${restatedDays === 1 ? '' : 's'}`;
}
