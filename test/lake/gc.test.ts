/** Garbage collection takes what nobody can need, and nothing else; verification finds what is wrong. */
import { describe, expect, it } from 'vitest';
import { claimPartition } from '../../lake/claim.ts';
import { collectGarbage, findGarbage } from '../../lake/gc.ts';
import { claimsDir, currentKey, manifestKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { findStaleExports } from '../../lake/reconcile-current.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { filesOfDay, readSnapshot } from '../../lake/table-log.ts';
import { verifyTable } from '../../lake/verify.ts';
import { listKeys } from './list-keys.ts';
import { useSampleLake } from './sample-lake.ts';
import { putSample, sampleTable } from './sample-publish.ts';

const DAY = '2018-10-01';
const DAY_MS = 86_400_000;

const garbageAt = async (store: ObjectStore, daysAhead: number) => {
  const found: string[] = [];
  for await (const { key, kind } of findGarbage(store, { nowMs: Date.now() + daysAhead * DAY_MS })) {
    found.push(`${kind} ${key}`);
  }
  return found;
};

describe('garbage collection', () => {
  const lake = useSampleLake();
  const open = () => openStore(lake.freshDir());

  it('takes orphans after the grace and replaced files after the retention', async () => {
    const store = await open();
    const orphanClaim = await claimPartition(store, 'sample', DAY);
    const orphan = await putSample(store, lake.duck, lake.tempPath, {
      day: DAY,
      rowCount: 5,
      token: orphanClaim,
    });
    const old = await lake.commit(store, { day: DAY, rowCount: 10 });
    const current = await lake.commit(store, { day: DAY, rowCount: 11 });
    await store.put('scratch/dt=2018-10-01/left.parquet', 'x');
    await store.put('ctl/.probe/left', 'x');

    expect(await garbageAt(store, 6)).toEqual([]);
    const orphans = [
      'probe ctl/.probe/left',
      `claim ${claimsDir('sample', DAY)}${orphanClaim}`,
      `claim ${claimsDir('sample', DAY)}${old.token}`,
      'scratch scratch/dt=2018-10-01/left.parquet',
      `orphan ${orphan.key}`,
    ];
    expect(await garbageAt(store, 8)).toEqual(orphans);
    const replaced = await garbageAt(store, 31);
    expect(replaced.filter((line) => !orphans.includes(line))).toEqual([
      `manifest ${manifestKey('sample', DAY, old.token)}`,
      `replaced ${old.files[0]!.key}`,
    ]);

    const result = await collectGarbage(store, { nowMs: Date.now() + 31 * DAY_MS });
    expect(result).toMatchObject({ objects: 7, uploads: 0 });
    expect(await garbageAt(store, 31)).toEqual([]);
    expect(await listKeys(store, 'tables/sample/dt=')).toEqual([current.files[0]!.key]);
    expect((await claimPartition(store, 'sample', DAY)) > current.token).toBe(true);
  });

  it('keeps what a rollback brought back', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    const bad = await lake.commit(store, { day: DAY, rowCount: 3 });
    await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'why' });
    await collectGarbage(store, { nowMs: Date.now() + 40 * DAY_MS });
    const [file] = filesOfDay(await readSnapshot(store, 'sample'), DAY);
    expect(file!.rowCount).toBe(10);
    expect(await store.head(file!.key)).toBeDefined();
    expect(await store.head(bad.files[0]!.key)).toBeUndefined();
  });

  it('knows what was replaced although only a checkpoint remembers it', async () => {
    const store = await open();
    for (let count = 1; count <= 11; count += 1) await lake.commit(store, { day: DAY, rowCount: count });
    expect((await garbageAt(store, 20)).filter((line) => line.startsWith('replaced'))).toEqual([]);
    expect((await garbageAt(store, 31)).filter((line) => line.startsWith('replaced'))).toHaveLength(10);
  });

  it('refuses limits that are not safe', async () => {
    const store = await open();
    for (const options of [{ retentionMs: DAY_MS }, { graceMs: DAY_MS }, { retentionMs: 100 * DAY_MS }]) {
      await expect(collectGarbage(store, options)).rejects.toMatchObject({ code: 'FL_CONFIG_INVALID' });
    }
  });
});

describe('verification', () => {
  const lake = useSampleLake();

  const verify = async (store: ObjectStore, options: { from?: string; to?: string } = {}) => {
    const checks = [];
    for await (const check of verifyTable(store, 'sample', { ...options, exported: true }))
      checks.push(check);
    return checks;
  };
  const published = async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    const commit = await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.commit(store, { day: '2018-10-02', rowCount: 20 });
    await lake.export(store, DAY);
    await lake.export(store, '2018-10-02');
    return { store, directory, commit };
  };

  it('passes what is right, and shows the way back', async () => {
    const { store, commit } = await published();
    const checks = await verify(store);
    expect(checks).toMatchObject([
      { day: DAY, rowCount: 10, findings: [], manifest: { runId: `test__${commit.token}` } },
      { day: '2018-10-02', rowCount: 20, findings: [] },
    ]);
    expect(checks[0]!.bytes).toBeGreaterThan(2_000);
    expect(await verify(store, { from: '2018-10-02' })).toHaveLength(1);
  });

  it.each([
    ['a data file that is gone', 'does not exist', (store, key) => store.delete(key)],
    [
      'a data file that was cut',
      'bytes instead of',
      async (store, key) => {
        await store.put(key, (await store.get(key)).body.subarray(0, -10));
      },
    ],
    [
      'a flipped byte',
      'other bytes than were written',
      async (store, key) => {
        const { body } = await store.get(key);
        body[body.length >> 1]! ^= 1;
        await store.put(key, body);
      },
    ],
  ] satisfies [string, string, (store: ObjectStore, key: string) => Promise<void>][])(
    'finds %s',
    async (_, problem, damage) => {
      const { store, commit } = await published();
      await damage(store, commit.files[0]!.key);
      const [check] = await verify(store);
      expect(check!.findings).toMatchObject([
        { key: commit.files[0]!.key, problem: expect.stringContaining(problem) },
      ]);
    },
  );

  it('finds a missing manifest, and exports that are missing, old or not ours', async () => {
    const { store, commit } = await published();
    await store.delete(manifestKey('sample', DAY, commit.token));
    await store.put(currentKey('sample', DAY, 'csv'), 'scribble');
    const first = (await verify(store))[0]!;
    expect(first.manifest).toBeUndefined();
    expect(first.findings.map(({ problem }) => problem)).toEqual([
      'does not exist',
      expect.stringContaining('bytes instead of'),
    ]);
    await lake.commit(store, { day: '2018-10-02', rowCount: 21 });
    const second = (await verify(store))[1]!;
    expect(second.findings.map(({ problem }) => problem)).toEqual([
      'shows an older version',
      'shows an older version',
    ]);
  });

  it('is preceded by a cheaper look for exports to repair', async () => {
    const { store } = await published();
    expect(await findStaleExports(store, sampleTable)).toEqual([]);
    await lake.commit(store, { day: DAY, rowCount: 11 });
    await store.put(currentKey('sample', '2018-10-02', 'csv'), 'scribble');
    await store.delete(currentKey('sample', '2018-10-02', 'parquet'));
    await lake.commit(store, { day: '2018-10-03', rowCount: 1 });
    const found = await findStaleExports(store, sampleTable);
    expect(found.map(({ day, format, state }) => `${day} ${format} ${state}`)).toEqual([
      '2018-10-01 parquet old',
      '2018-10-01 csv old',
      '2018-10-02 parquet missing',
      '2018-10-02 csv replaced',
      '2018-10-03 parquet missing',
      '2018-10-03 csv missing',
    ]);
    for (const day of ['2018-10-01', '2018-10-02', '2018-10-03']) await lake.export(store, day);
    expect(await findStaleExports(store, sampleTable)).toEqual([]);
  });
});
