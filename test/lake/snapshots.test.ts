/** Named snapshots: what they froze stays readable as it was, through restatements, rollbacks and garbage collection. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findPython } from '../../cli/test/python.ts';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { collectGarbage } from '../../lake/gc.ts';
import { manifestKey, snapshotKey } from '../../lake/lake-keys.ts';
import type { ReadPartition } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { changesSince } from '../../lake/snapshots/changes-since.ts';
import { freezeTables } from '../../lake/snapshots/freeze-tables.ts';
import { frozenKeys } from '../../lake/snapshots/frozen-table.ts';
import {
  contentOfTables,
  deleteNamedSnapshot,
  type NamedSnapshot,
  putNamedSnapshot,
  readNamedSnapshot,
  readNamedSnapshots,
} from '../../lake/snapshots/named-snapshot.ts';
import { verifyNamedSnapshot } from '../../lake/snapshots/verify-snapshot.ts';
import { createSnapshot } from '../../tasks/snapshots/create-snapshot.ts';
import { MERCHANT_DAY, MERCHANT_METRICS, PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { describeWith } from '../support/requirement.ts';
import { listKeys } from './list-keys.ts';
import { overwriteDays } from './overwritten-days.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleManifest } from './sample-publish.ts';

const DAYS = ['2018-10-01', '2018-10-02', '2018-10-03'] as const;
const DAY = DAYS[0];
const DAY_MS = 86_400_000;

const python = await findPython();
const pythonInstalled =
  python === undefined
    ? { missing: 'the Python readers are not installed; ./flyerline test installs it' }
    : {};
const run = promisify(execFile);
const READER = new URL('./read_delta.py', import.meta.url).pathname;

const lake = useSampleLake();
const open = () => openStore(lake.freshDir());

/** Of the sample table. */
async function freeze(store: ObjectStore, name: string, range: { from?: string; to?: string } = {}) {
  const rules = { tables: ['sample'], sameDays: [], sameInputs: [] };
  const { tables } = await freezeTables(store, { ...rules, ...range });
  const snapshot: NamedSnapshot = {
    ...{ format: 1, name, note: null, createdAt: new Date().toISOString() },
    ...{
      from: range.from ?? null,
      to: range.to ?? null,
      content: contentOfTables(tables),
      mixed: [],
      tables,
    },
  };
  return putNamedSnapshot(store, snapshot);
}

/** Everything that the limits allow, long after. */
const collectLater = (store: ObjectStore) =>
  collectGarbage(store, { retentionMs: 2 * DAY_MS, graceMs: 2 * DAY_MS, nowMs: Date.now() + 200 * DAY_MS });

describe('a named snapshot', () => {
  it('keeps its files and manifests from collection, and nothing else; without it they go', async () => {
    const store = await open();
    for (const day of DAYS) await lake.commit(store, { day, rowCount: 10 });
    await lake.commit(store, { day: DAY, rowCount: 10, inputsHash: 'the same bytes, confirmed' });
    const { snapshot } = await freeze(store, 'v1', { from: DAYS[0], to: DAYS[1] });
    const kept = frozenKeys(snapshot.tables[0]!);
    expect(kept).toHaveLength(2);
    const restated = [];
    for (const day of DAYS) restated.push(await lake.commit(store, { day, rowCount: 11 }));

    await collectLater(store);
    const live = restated.map(({ files }) => files[0]!.key);
    expect(await listKeys(store, 'tables/sample/dt=')).toEqual([...kept, ...live].sort());
    expect(await verifyNamedSnapshot(store, snapshot)).toMatchObject({ files: 2, findings: [] });
    expect(await changesSince(store, snapshot)).toMatchObject([
      {
        restated: [
          { day: DAYS[0], rowCount: 10, rowCountNow: 11 },
          { day: DAYS[1], rowCount: 10, rowCountNow: 11 },
        ],
        heldBytes: snapshot.tables[0]!.size,
      },
    ]);

    await deleteNamedSnapshot(store, 'v1');
    await collectLater(store);
    expect(await listKeys(store, 'tables/sample/dt=')).toEqual(live.sort());
    await expect(readNamedSnapshot(store, 'v1')).rejects.toMatchObject({ code: 'FL_SNAPSHOT_UNKNOWN' });
  });

  it('stands for one set of rows for ever', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    const first = await freeze(store, 'v1');
    expect(first.outcome).toBe('created');
    await lake.commit(store, { day: DAY, rowCount: 10, inputsHash: 'the same bytes, confirmed' });
    expect(await freeze(store, 'v1')).toEqual({ outcome: 'existing', snapshot: first.snapshot });
    await lake.commit(store, { day: DAY, rowCount: 11 });
    await expect(freeze(store, 'v1')).rejects.toMatchObject({ code: 'FL_SNAPSHOT_EXISTS' });
    await expect(freeze(store, '../v1')).rejects.toMatchObject({ code: 'FL_USAGE' });
    await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'why' });
    expect((await freeze(store, 'v1')).outcome).toBe('existing');
    expect(await readNamedSnapshots(store)).toEqual([first.snapshot]);
  });

  it.each([
    [
      'a file that is gone',
      (store, { tables }) => store.delete(frozenKeys(tables[0]!)[0]!),
      'does not exist',
    ],
    [
      'a manifest that is gone',
      (store, { tables }) => store.delete(manifestKey('sample', DAY, tables[0]!.partitions[0]!.token)),
      'does not exist',
    ],
    [
      'a file with other bytes',
      async (store, { tables }) => {
        const [key] = frozenKeys(tables[0]!);
        const { body } = await store.get(key!);
        body[body.length >> 1]! ^= 1;
        await store.put(key!, body);
      },
      'has other bytes than were written',
    ],
  ] satisfies [string, (store: ObjectStore, snapshot: NamedSnapshot) => Promise<unknown>, string][])(
    'is found broken by %s',
    async (_, damage, problem) => {
      const store = await open();
      await lake.commit(store, { day: DAY, rowCount: 10 });
      const { snapshot } = await freeze(store, 'v1');
      await lake.commit(store, { day: DAY, rowCount: 11 });
      await damage(store, snapshot);
      expect(await verifyNamedSnapshot(store, snapshot)).toMatchObject({ findings: [{ problem }] });
    },
  );

  it('stops a collection when it cannot be read', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await store.put(snapshotKey('v1'), '{');
    await expect(collectLater(store)).rejects.toMatchObject({ code: 'FL_TABLE_CORRUPT' });
  });
});

describe('snapshot create', { timeout: 60_000 }, () => {
  const TABLES = [...PUBLISHED_TABLES, MERCHANT_DAY];
  /** Every table of a day, without rows. */
  const publish = async (
    store: ObjectStore,
    day: string,
    inputsHash: string,
    tables = TABLES,
    partitions?: readonly ReadPartition[],
  ) => {
    for (const schema of tables) {
      const token = await claimPartition(store, schema.name, day);
      const manifest = { ...sampleManifest(day, token, [], inputsHash), table: schema.name };
      await commitPartition(store, schema, {
        ...{ day, token, files: [] },
        manifest: partitions === undefined ? manifest : { ...manifest, partitions },
      });
    }
  };

  it('freezes every table that has a day in the range, or those that are asked for', async () => {
    const store = await open();
    await publish(store, DAY, 'a');
    await publish(store, DAYS[1], 'b');
    const all = await createSnapshot(store, { name: 'all', to: DAY, note: 'of a test' });
    expect(all.snapshot).toMatchObject({ note: 'of a test', from: null, to: DAY, mixed: [] });
    expect(all.snapshot.tables.map(({ table }) => table)).toEqual(TABLES.map(({ name }) => name));
    expect(all.snapshot.tables[0]).toMatchObject({ version: 1, partitions: [{ day: DAY }] });
    const one = await createSnapshot(store, { name: 'one', tables: ['clean_events'] });
    expect(one.snapshot.tables).toMatchObject([{ table: 'clean_events', partitions: [{}, {}] }]);
    const none = createSnapshot(store, { name: 'none', tables: ['seed_compat'] });
    await expect(none).rejects.toMatchObject({ code: 'FL_OBJECT_MISSING' });
    await expect(createSnapshot(store, { name: 'none', from: '2020-01-01' })).rejects.toMatchObject({
      code: 'FL_OBJECT_MISSING',
    });
  });

  it('waits for the run that is publishing a day, table by table', async () => {
    const store = await open();
    await publish(store, DAY, 'a');
    await publish(store, DAY, 'b', TABLES.slice(0, 3));
    const waited: string[] = [];
    const { snapshot } = await createSnapshot(store, {
      ...{ name: 'v1', waitMs: 20_000 },
      onWait: ([first]) => {
        waited.push(first!.reason);
        void publish(store, DAY, 'b', TABLES.slice(3));
      },
    });
    expect(waited).toEqual([
      expect.stringMatching(/^user_flyer_day is of other inputs than clean_events, user_day is /),
    ]);
    expect(snapshot.mixed).toEqual([]);
    const manifest = await store.get(
      manifestKey(
        'dq_day',
        DAY,
        snapshot.tables.find(({ table }) => table === 'dq_day')!.partitions[0]!.token,
      ),
    );
    expect(JSON.parse(manifest.body.toString())).toMatchObject({ inputsHash: 'b' });
  });

  it('refuses days whose tables do not belong together, or says so in the snapshot', async () => {
    const store = await open();
    await publish(store, DAY, 'a');
    await publish(store, DAY, 'b', TABLES.slice(0, 1));
    await publish(store, DAYS[1], 'c', TABLES.slice(1));
    const refused = createSnapshot(store, { name: 'v1', waitMs: 0 });
    await expect(refused).rejects.toMatchObject({
      code: 'FL_SNAPSHOT_MIXED',
      message: expect.stringMatching(
        /2018-10-01 \(rejected_events is of other inputs than clean_events.*; 2018-10-02 \(clean_events is missing\)/,
      ),
    });
    const { snapshot } = await createSnapshot(store, { name: 'v1', allowMixed: true });
    expect(snapshot.mixed.map(({ day }) => day)).toEqual([DAY, DAYS[1]]);
    await publish(store, DAYS[2], 'd');
    await publish(store, DAYS[2], 'e');
    await rollbackPartition(store, 'clean_events', { day: DAYS[2], toVersion: 2, reason: 'why' });
    const mixed = createSnapshot(store, { name: 'v3', waitMs: 0, from: DAYS[2] });
    await expect(mixed).rejects.toMatchObject({
      reason: expect.stringContaining('clean_events was rolled back)'),
    });
    // Tables that do belong together can be frozen.
    await createSnapshot(store, { name: 'v2', waitMs: 0, tables: ['user_day', 'flyer_views'] });
  });

  it('refuses comparisons of metrics that are others by now', async () => {
    const store = await open();
    await publish(store, DAY, 'a');
    const read = { table: MERCHANT_METRICS.name, day: DAY, token: '1', contentHash: 'of older rows' };
    await publish(store, DAY, 'of partitions', [MERCHANT_DAY], [read]);
    await expect(createSnapshot(store, { name: 'v1', waitMs: 0 })).rejects.toMatchObject({
      message: expect.stringContaining(
        'merchant_day was made from another version of merchant_metrics 2018-10-01',
      ),
    });
  });
});

describeWith(pythonInstalled, 'the Delta version of a snapshot', () => {
  it('reads the same in readers that are not ours, after restatements, checkpoints and collection', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    const states = await overwriteDays(store, lake.commit, 8);
    const { snapshot } = await freeze(store, 'v1');
    await overwriteDays(store, (into, options) => lake.commit(into, { ...options, salt: 99 }), 25);
    await collectLater(store);
    const args = [READER, `${directory}/tables/sample`, JSON.stringify([snapshot.tables[0]!.version]), '{}'];
    const { stdout } = await run(python!, args, { timeout: 60_000 });
    const seen = JSON.parse(stdout) as { past: unknown; clickhouse_past: unknown };
    expect(seen.past).toEqual({ 7: states[7] });
    expect(seen.clickhouse_past).toEqual({ 7: states[7] });
  }, 60_000);
});
