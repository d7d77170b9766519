/** `partitions diff`: how a partition differs between two versions of its table. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diffPartition, type PartitionDiff } from '../../lake/diff-partition.ts';
import { openDuck } from '../../lake/duckdb.ts';
import { partitionHistory } from '../../lake/history.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { formatCount, style, table } from '../terminal.ts';
import { findTable, type LakeOptions, notCommitted, withLake } from './open-lake.ts';

export interface DiffOptions extends LakeOptions {
  /** Table versions. */
  readonly before?: number;
  readonly after?: number;
}

export async function diffPartitions(name: string, day: string, options: DiffOptions): Promise<void> {
  const schema = findTable(name);
  await withLake(options, 'read', async (store, { json, config }) => {
    const versions = await versionsToCompare(store, schema.name, day, options);
    await mkdir(config.scratchDir, { recursive: true });
    const scratchDir = await mkdtemp(join(config.scratchDir, 'diff-'));
    const duck = await openDuck({ ...config, tempDir: scratchDir });
    try {
      const [before, after] = await Promise.all(
        [versions.before, versions.after].map(async (version) => {
          if (version < 0) return [];
          const files = filesOfDay(await readSnapshot(store, schema.name, { version }), day);
          return Promise.all(files.map(({ key }) => store.fetchFile(key, scratchDir)));
        }),
      );
      const diff = await diffPartition(duck, schema, before!, after!);
      const result = { table: schema.name, day, ...versions, ...diff };
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
    } finally {
      await duck.close();
      await rm(scratchDir, { recursive: true, force: true });
    }
  });
}

/** By default the last two versions in which a file changed; before the first there were no rows. */
async function versionsToCompare(
  store: ObjectStore,
  name: string,
  day: string,
  { before, after }: DiffOptions,
): Promise<{ before: number; after: number }> {
  if (before !== undefined && after !== undefined) return { before, after };
  const history = await partitionHistory(store, name, day);
  const changes = history.filter(({ rowCount }) => rowCount !== undefined).map(({ version }) => version);
  const newer = after ?? changes[0];
  if (newer === undefined) throw notCommitted(name, day);
  return { before: before ?? changes.find((version) => version < newer) ?? -1, after: newer };
}

type Result = PartitionDiff & { table: string; day: string; before: number; after: number };

function describe({ table: name, day, before, after, columns, ...rows }: Result): string {
  const older = before < 0 ? 'nothing' : `table version ${before}`;
  const changed = columns.filter((column) => column.changed > 0 || column.before !== column.after);
  return [
    `${style.bold(`${name} ${day}`)}: ${older} → table version ${after}`,
    `${formatCount(rows.rowsBefore)} → ${formatCount(rows.rowsAfter)} rows: ${formatCount(rows.added)} added, ` +
      `${formatCount(rows.removed)} removed, ${formatCount(rows.changed)} changed`,
    ...(changed.length === 0
      ? []
      : [
          '',
          table(changed, [
            { header: 'Column', value: (column) => column.name },
            { header: 'Rows changed', value: (column) => formatCount(column.changed), align: 'right' },
            { header: 'Sum before', value: (column) => figure(column.before), align: 'right' },
            { header: 'Sum after', value: (column) => figure(column.after), align: 'right' },
          ]),
        ]),
  ].join('\n');
}

const figure = (sum: number | undefined) => (sum === undefined ? undefined : formatCount(sum));
