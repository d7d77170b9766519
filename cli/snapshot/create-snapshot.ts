/** `snapshot create`: freezes tables as they are now. */
import { probeStore } from '../../lake/probe.ts';
import { createSnapshot } from '../../tasks/snapshots/create-snapshot.ts';
import { interruptSignal } from '../interrupt.ts';
import { findTable, withLake } from '../lake/open-lake.ts';
import { formatBytes, formatCount, style, styleFor } from '../terminal.ts';
import type { SnapshotOptions } from './list-snapshots.ts';
import { daysOf, jsonOf, sumOf } from './snapshot-text.ts';

export interface CreateOptions extends SnapshotOptions {
  readonly from?: string;
  readonly to?: string;
  /** Names with commas, or `all`. */
  readonly tables: string;
  readonly note?: string;
  readonly allowMixed: boolean;
  /** Seconds. */
  readonly wait: number;
}

export async function create(name: string, options: CreateOptions): Promise<void> {
  const { from, to, note, allowMixed } = options;
  const tables =
    options.tables === 'all'
      ? undefined
      : options.tables.split(',').map((table) => findTable(table.trim()).name);
  await withLake(options, 'write', async (store, { json }) => {
    // A store that ignores conditions would replace what the name stands for.
    await probeStore(store);
    const { outcome, snapshot } = await createSnapshot(store, {
      ...{ name, note, from, to, tables, allowMixed },
      waitMs: options.wait * 1000,
      signal: interruptSignal(),
      onWait: ([first]) =>
        process.stderr.write(
          `${styleFor(process.stderr).dim(`Waiting for a run that is publishing ${first!.day} …`)}\n`,
        ),
    });
    if (json) {
      process.stdout.write(`${JSON.stringify({ outcome, snapshot: jsonOf(snapshot) })}\n`);
      return;
    }
    const rows = `${formatCount(sumOf(snapshot, 'rowCount'))} rows, ${formatBytes(sumOf(snapshot, 'size'))}`;
    const what = outcome === 'created' ? 'holds' : 'already holds exactly';
    process.stdout.write(
      `${style.green('✓')} Snapshot ${snapshot.name} ${what} ${formatCount(snapshot.tables.length)} tables, ${daysOf(snapshot)}: ${rows}.\n` +
        snapshot.mixed.map(({ day, reason }) => `${style.yellow('!')} ${day}: ${reason}\n`).join('') +
        `  ./flyerline snapshot show ${snapshot.name}\n`,
    );
  });
}
