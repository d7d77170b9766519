/** How long it takes to know the partitions of a large table. */
import { writeCheckpoint } from '../../lake/checkpoint.ts';
import { formatLogEntry, type LogAction } from '../../lake/delta-actions.ts';
import { deltaSchemaString } from '../../lake/delta-schema.ts';
import { checkpointKey, dataKey, logEntryKey, tableDir } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { partitionOf } from '../../lake/partitions.ts';
import { applyEntries, emptySnapshot } from '../../lake/snapshot.ts';
import { committedDays, readSnapshot, type Snapshot } from '../../lake/table-log.ts';
import { benchTable } from './bench-table.ts';
import type { StateResult } from './result.ts';

const VERSION = 10;
const PAGE = 100;
const TOKEN = '00000000000000000003';

export async function measureState(store: ObjectStore, partitions: number): Promise<StateResult> {
  const table = `bench_${partitions}`;
  const snapshot = applyEntries(emptySnapshot(table), [
    { version: VERSION, actions: actionsOf(table, partitions) },
  ]);
  const writeCheckpointMs = await timed(() => writeCheckpoint(store, snapshot));
  let cold: Snapshot | undefined;
  const coldMs = await timed(async () => {
    cold = await readSnapshot(store, table);
    page(cold);
  });
  const warmPageMs = await timed(async () => page(await readSnapshot(store, table, { since: cold })));
  const entry = { txn: { appId: 'dt=2018-10-01', version: 4, lastUpdated: Date.now() } };
  await store.put(logEntryKey(table, VERSION + 1), formatLogEntry([entry]));
  const refreshedPageMs = await timed(async () => page(await readSnapshot(store, table, { since: cold })));
  const { size } = (await store.head(checkpointKey(table, VERSION)))!;
  return { partitions, checkpointBytes: size, writeCheckpointMs, coldMs, warmPageMs, refreshedPageMs };
}

/** The newest days, as a catalog page shows them. */
function page(snapshot: Snapshot): unknown[] {
  return committedDays(snapshot)
    .slice(-PAGE)
    .map((day) => partitionOf(snapshot, day));
}

function* actionsOf(table: string, partitions: number): Generator<LogAction> {
  yield { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
  const schemaString = deltaSchemaString(benchTable);
  yield {
    metaData: { id: table, schemaString, partitionColumns: ['dt'], configuration: {}, createdTime: 0 },
  };
  const bounds = { user_id: '0000', day: '2018-10-01', views: 0, dwell_s: 1.5, first_open_ts: 1538366400 };
  const stats = JSON.stringify({ numRecords: 1_000, minValues: bounds, maxValues: bounds, nullCount: {} });
  for (let index = 0; index < partitions; index += 1) {
    const day = new Date(index * 86_400_000).toISOString().slice(0, 10);
    yield { txn: { appId: `dt=${day}`, version: BigInt(TOKEN) } };
    yield {
      add: {
        path: dataKey(table, day, TOKEN, '00').slice(tableDir(table).length),
        partitionValues: { dt: day },
        size: 100_000,
        modificationTime: 0,
        stats,
        tags: { sha256: 'ab'.repeat(32) },
      },
    };
  }
}

async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
