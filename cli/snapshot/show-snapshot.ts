/** `snapshot show`: what a snapshot holds, what has changed since, or its files. */
import { join } from 'node:path';
import type { ObjectStore } from '../../lake/object-store.ts';
import { changesSince, type TableSince } from '../../lake/snapshots/changes-since.ts';
import { frozenKeys, frozenTable } from '../../lake/snapshots/frozen-table.ts';
import { type NamedSnapshot, readNamedSnapshot } from '../../lake/snapshots/named-snapshot.ts';
import { withLake } from '../lake/open-lake.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';
import type { SnapshotOptions } from './list-snapshots.ts';
import { daysOf, jsonOf } from './snapshot-text.ts';

export interface ShowOptions extends SnapshotOptions {
  readonly files: boolean;
  readonly table?: string;
}

const DAYS_SHOWN_MAX = 20;

export async function show(name: string, options: ShowOptions): Promise<void> {
  await withLake(options, 'read', async (store, { json }) => {
    const snapshot = onlyTable(await readNamedSnapshot(store, name), options.table);
    if (options.files) {
      const files = snapshot.tables.flatMap(frozenKeys).map((key) => locationOf(store, key));
      process.stdout.write(
        json ? `${JSON.stringify({ files })}\n` : files.map((file) => `${file}\n`).join(''),
      );
      return;
    }
    const since = await changesSince(store, snapshot);
    const body = json
      ? JSON.stringify({ snapshot: jsonOf(snapshot), since })
      : describe(store, snapshot, since);
    process.stdout.write(`${body}\n`);
  });
}

/** Throws FL_OBJECT_MISSING. */
function onlyTable(snapshot: NamedSnapshot, name: string | undefined): NamedSnapshot {
  if (name === undefined) return snapshot;
  const { table: wanted } = frozenTable(snapshot, name);
  return { ...snapshot, tables: snapshot.tables.filter((frozen) => frozen.table === wanted) };
}

/** As readers that are not ours take it. */
function locationOf({ localRoot, url }: ObjectStore, key: string): string {
  return localRoot === undefined ? `${url}/${key}` : join(localRoot, key);
}

function describe(store: ObjectStore, snapshot: NamedSnapshot, since: readonly TableSince[]): string {
  const { name, createdAt, note, content, mixed, tables } = snapshot;
  const rows = tables.map((frozen, at) => ({ ...frozen, since: since[at]! }));
  const restated = since.flatMap(({ table: of, restated: days }) => days.map((day) => ({ of, ...day })));
  const newDays = new Set(since.flatMap(({ newDays: days }) => days)).size;
  const more = restated.length - DAYS_SHOWN_MAX;
  return [
    `${style.bold(name)}: ${daysOf(snapshot)}; taken ${createdAt.slice(0, 19)}Z${note === null ? '' : `; ${note}`}`,
    style.dim(`content ${content}`),
    ...mixed.map(({ day, reason }) => `${style.yellow('!')} ${day} as it was then: ${reason}`),
    '',
    table(rows, [
      { header: 'Table', value: (row) => row.table },
      { header: 'Version', value: ({ version }) => version, align: 'right' },
      { header: 'Now', value: ({ since: { versionNow } }) => versionNow, align: 'right' },
      { header: 'Days', value: ({ partitions }) => formatCount(partitions.length), align: 'right' },
      { header: 'Rows', value: ({ rowCount }) => formatCount(rowCount), align: 'right' },
      { header: 'Size', value: ({ size }) => formatBytes(size), align: 'right' },
      { header: 'Restated', value: (row) => row.since.restated.length || '', align: 'right' },
      { header: 'Delta', value: (row) => locationOf(store, `tables/${row.table}`) },
    ]),
    '',
    restated.length === 0
      ? `${style.green('✓')} Nothing of it has been restated since.`
      : `${style.yellow('!')} Restated since; the snapshot keeps the rows it was taken of:`,
    ...(restated.length === 0
      ? []
      : [
          table(restated.slice(0, DAYS_SHOWN_MAX), [
            { header: 'Table', value: ({ of }) => of },
            { header: 'Day', value: ({ day }) => day },
            { header: 'Rows', value: ({ rowCount }) => formatCount(rowCount), align: 'right' },
            { header: 'Rows now', value: ({ rowCountNow }) => formatCount(rowCountNow), align: 'right' },
          ]),
          ...(more > 0 ? [style.dim(`… and ${formatCount(more)} more (--json names all)`)] : []),
        ]),
    ...(newDays === 0
      ? []
      : [
          `${formatCount(newDays)} day${newDays === 1 ? '' : 's'} of its range came later and are not in it.`,
        ]),
  ].join('\n');
}
