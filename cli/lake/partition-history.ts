/** `partitions history`: the versions of a partition, newest first. */
import { type PartitionVersion, partitionHistory } from '../../lake/history.ts';
import { formatBytes, formatCount, table } from '../terminal.ts';
import { findTable, type LakeOptions, notCommitted, withLake } from './open-lake.ts';

export interface HistoryOptions extends LakeOptions {
  readonly limit: number;
}

export async function showHistory(name: string, day: string, options: HistoryOptions): Promise<void> {
  const schema = findTable(name);
  await withLake(options, 'read', async (store, { json }) => {
    const versions = await partitionHistory(store, schema.name, day, { limit: options.limit });
    if (versions.length === 0) throw notCommitted(schema.name, day);
    process.stdout.write(json ? `${JSON.stringify({ versions })}\n` : `${describe(versions)}\n`);
  });
}

const WHAT: Readonly<Record<PartitionVersion['kind'], string>> = {
  publish: 'published',
  confirm: 'same bytes again',
  rollback: 'rolled back',
  unpin: 'unpinned',
  other: 'other writer',
};

function describe(versions: readonly PartitionVersion[]): string {
  return table(versions, [
    { header: 'Table version', value: ({ version }) => version, align: 'right' },
    { header: 'When', value: ({ committedAtMs }) => new Date(committedAtMs).toISOString().slice(0, 19) },
    { header: 'What', value: ({ kind, pin }) => `${WHAT[kind]}${pin === 'set' ? ', pinned' : ''}` },
    { header: 'Claim', value: ({ token }) => token && Number(token), align: 'right' },
    {
      header: 'Rows',
      value: ({ rowCount }) => (rowCount !== undefined ? formatCount(rowCount) : undefined),
      align: 'right',
    },
    {
      header: 'Size',
      value: ({ size }) => (size !== undefined ? formatBytes(size) : undefined),
      align: 'right',
    },
    { header: 'Run', value: ({ runId }) => runId },
    { header: 'Reason', value: ({ reason }) => reason, widthMax: 60 },
  ]);
}
