/** `partitions list`: all tables in short, or one table day by day. */
import { type DayRange, type Partition, partitionsOf } from '../../lake/partitions.ts';
import { readSnapshot } from '../../lake/table-log.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';
import { type LakeOptions, tablesOf, withLake } from './open-lake.ts';

export interface ListPartitionsOptions extends LakeOptions, DayRange {
  readonly table?: string;
}

export async function listPartitions(options: ListPartitionsOptions): Promise<void> {
  await withLake(options, 'read', async (store, { json }) => {
    const partitions: Partition[] = [];
    for (const { name } of tablesOf(options.table)) {
      partitions.push(...partitionsOf(await readSnapshot(store, name), options));
    }
    if (json) process.stdout.write(`${JSON.stringify({ partitions: partitions.map(jsonOf) })}\n`);
    else process.stdout.write(`${options.table === undefined ? byTable(partitions) : byDay(partitions)}\n`);
  });
}

const jsonOf = ({ table: name, day, token, rowCount, size, files, isPinned }: Partition) => ({
  table: name,
  day,
  claim: Number(token),
  rowCount,
  size,
  files: files.length,
  pinned: isPinned,
});

function byTable(partitions: readonly Partition[]): string {
  const groups = [...Map.groupBy(partitions, (partition) => partition.table).values()];
  if (groups.length === 0) return 'Nothing is published yet.';
  return table(groups, [
    { header: 'Table', value: (days) => days[0]!.table },
    { header: 'Days', value: (days) => formatCount(days.length), align: 'right' },
    { header: 'First', value: (days) => days[0]!.day },
    { header: 'Last', value: (days) => days.at(-1)!.day },
    { header: 'Rows', value: (days) => formatCount(sum(days, 'rowCount')), align: 'right' },
    { header: 'Size', value: (days) => formatBytes(sum(days, 'size')), align: 'right' },
    {
      header: 'Pinned',
      value: (days) => days.filter(({ isPinned }) => isPinned).length || '',
      align: 'right',
    },
  ]);
}

function byDay(partitions: readonly Partition[]): string {
  return table(partitions, [
    { header: 'Day', value: ({ day }) => day },
    { header: 'Claim', value: ({ token }) => Number(token), align: 'right' },
    { header: 'Rows', value: ({ rowCount }) => formatCount(rowCount), align: 'right' },
    { header: 'Size', value: ({ size }) => formatBytes(size), align: 'right' },
    { header: 'Files', value: ({ files }) => files.length, align: 'right' },
    { header: '', value: ({ isPinned }) => (isPinned ? style.yellow('pinned') : ' ') },
  ]);
}

function sum(partitions: readonly Partition[], figure: 'rowCount' | 'size'): number {
  return partitions.reduce((total, partition) => total + partition[figure], 0);
}
