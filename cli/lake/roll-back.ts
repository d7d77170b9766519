/** `rollback` and `partitions unpin`: an earlier version of a partition comes back and stays. */
import { mkdir } from 'node:fs/promises';
import { probeStore } from '../../lake/probe.ts';
import { rollbackPartition, unpinPartition } from '../../lake/rollback.ts';
import { formatCount, style } from '../terminal.ts';
import { findTable, type LakeOptions, withLake } from './open-lake.ts';
import { republishDays } from './republish-days.ts';

export interface RollbackCommandOptions extends LakeOptions {
  /** Table version. */
  readonly to: number;
  readonly reason: string;
  readonly pin: boolean;
}

export async function rollBack(name: string, day: string, options: RollbackCommandOptions): Promise<void> {
  const schema = findTable(name);
  await withLake(options, 'write', async (store, context) => {
    await probeStore(store);
    await mkdir(context.config.scratchDir, { recursive: true });
    const { to: toVersion, reason, pin } = options;
    const result = await rollbackPartition(store, schema.name, { day, toVersion, reason, pin });
    if (schema.exported) await republishDays(store, context, [day]);
    if (context.json) {
      process.stdout.write(`${JSON.stringify({ table: schema.name, day, pinned: pin, ...result })}\n`);
      return;
    }
    const what =
      result.outcome === 'restored'
        ? `shows table version ${toVersion} again: ${formatCount(result.rowCount)} rows`
        : `showed table version ${toVersion} already`;
    const pinned = pin ? `; it is pinned until ./flyerline partitions unpin ${schema.name} ${day}` : '';
    process.stdout.write(`${style.green('✓')} ${schema.name} ${day} ${what}${pinned}.\n`);
  });
}

export interface UnpinOptions extends LakeOptions {
  readonly reason: string;
}

export async function unpin(name: string, day: string, options: UnpinOptions): Promise<void> {
  const schema = findTable(name);
  await withLake(options, 'write', async (store, { json }) => {
    const wasPinned = await unpinPartition(store, schema.name, day, options.reason);
    process.stdout.write(
      json
        ? `${JSON.stringify({ table: schema.name, day, wasPinned })}\n`
        : `${schema.name} ${day} ${wasPinned ? 'may change again with its next run' : 'was not pinned'}.\n`,
    );
  });
}
