/** `snapshot delete`: what only it kept is garbage from now on. */
import { changesSince } from '../../lake/snapshots/changes-since.ts';
import { deleteNamedSnapshot, readNamedSnapshot } from '../../lake/snapshots/named-snapshot.ts';
import { withLake } from '../lake/open-lake.ts';
import { formatBytes, style } from '../terminal.ts';
import type { SnapshotOptions } from './list-snapshots.ts';
import { jsonOf } from './snapshot-text.ts';

export async function remove(name: string, options: SnapshotOptions): Promise<void> {
  await withLake(options, 'write', async (store, { json }) => {
    const since = await changesSince(store, await readNamedSnapshot(store, name));
    const heldBytes = since.reduce((sum, table) => sum + table.heldBytes, 0);
    const deleted = await deleteNamedSnapshot(store, name);
    if (json) {
      process.stdout.write(`${JSON.stringify({ deleted: jsonOf(deleted), heldBytes })}\n`);
      return;
    }
    const freed = heldBytes === 0 ? 'it kept nothing from gc' : `gc may take ${formatBytes(heldBytes)}`;
    process.stdout.write(`${style.green('✓')} Snapshot ${name} is deleted; ${freed}.\n`);
  });
}
