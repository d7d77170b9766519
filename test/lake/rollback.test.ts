/** Rollback, pin, history and time travel of partitions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition, commitPartitions } from '../../lake/commit.ts';
import { partitionHistory, readSnapshotAt, versionAt } from '../../lake/history.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { readRestatements } from '../../lake/restatements.ts';
import { rollbackPartition, unpinPartition } from '../../lake/rollback.ts';
import { filesOfDay, headToken, pinnedToken, readSnapshot } from '../../lake/table-log.ts';
import { useSampleLake } from './sample-lake.ts';
import { putSample, sampleManifest, sampleTable } from './sample-publish.ts';

const DAY = '2018-10-01';

describe('rollbackPartition', () => {
  const lake = useSampleLake();
  const open = () => openStore(lake.freshDir());
  const rowsNow = async (store: ObjectStore) =>
    filesOfDay(await readSnapshot(store, 'sample'), DAY).map(({ rowCount }) => rowCount);

  it('brings the files of an earlier version back as a new version, with their statistics', async () => {
    const store = await open();
    const good = await lake.commit(store, { day: DAY, rowCount: 10 });
    const bad = await lake.commit(store, { day: DAY, rowCount: 3 });
    const before = filesOfDay(await readSnapshot(store, 'sample', { version: 0 }), DAY);
    const result = await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'bad drop' });
    expect(result).toMatchObject({ outcome: 'restored', version: 2, restores: good.token, rowCount: 10 });
    expect(result.token > bad.token).toBe(true);
    const after = filesOfDay(await readSnapshot(store, 'sample'), DAY);
    expect(after.map(({ path, stats, sha256 }) => ({ path, stats, sha256 }))).toEqual(
      before.map(({ path, stats, sha256 }) => ({ path, stats, sha256 })),
    );
    expect(await readHeadManifest(store, 'sample', DAY)).toMatchObject({
      token: result.token,
      restores: good.token,
      inputsHash: 'inputs-10-0',
      reason: 'bad drop',
      rowCount: 10,
    });
  });

  it('keeps later runs from replacing the partition until it is unpinned', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.commit(store, { day: DAY, rowCount: 3 });
    const inFlight = await claimPartition(store, 'sample', DAY);
    const { token } = await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'why' });
    expect(pinnedToken(await readSnapshot(store, 'sample'), DAY)).toBe(token);
    await expect(lake.commit(store, { day: DAY, rowCount: 4, token: inFlight })).rejects.toMatchObject({
      code: 'FL_FENCED',
    });
    await expect(lake.commit(store, { day: DAY, rowCount: 4 })).rejects.toMatchObject({
      code: 'FL_PINNED',
      retryable: false,
    });
    // Other days go on.
    await lake.commit(store, { day: '2018-10-02', rowCount: 4 });
    expect(await unpinPartition(store, 'sample', DAY, 'fixed')).toBe(true);
    expect(await unpinPartition(store, 'sample', DAY, 'fixed')).toBe(false);
    await lake.commit(store, { day: DAY, rowCount: 4 });
    expect(await rowsNow(store)).toEqual([4]);
  });

  it('keeps the pin across a checkpoint', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'freeze' });
    for (let n = 2; n <= 12; n += 1) await lake.commit(store, { day: '2018-10-02', rowCount: n });
    expect(pinnedToken(await readSnapshot(store, 'sample'), DAY)).toBeDefined();
  });

  it('pins what is already shown without changing a file', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    const result = await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'freeze' });
    expect(result).toMatchObject({ outcome: 'unchanged', version: 1 });
    expect(await rowsNow(store)).toEqual([10]);
  });

  it('can be rolled back itself, and without a pin lets the next run win', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.commit(store, { day: DAY, rowCount: 3 });
    const options = { day: DAY, reason: 'try', pin: false };
    await rollbackPartition(store, 'sample', { ...options, toVersion: 0 });
    await rollbackPartition(store, 'sample', { ...options, toVersion: 1 });
    expect(await rowsNow(store)).toEqual([3]);
    await lake.commit(store, { day: DAY, rowCount: 5 });
    expect(await rowsNow(store)).toEqual([5]);
  });

  it('is told in the feed, and current/ follows', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.export(store, DAY);
    await lake.commit(store, { day: DAY, rowCount: 3 });
    await lake.export(store, DAY);
    await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'bad drop' });
    const [parquet] = await lake.export(store, DAY);
    expect(parquet).toMatchObject({ outcome: 'published', rowCount: 10 });
    expect(await readRestatements(store, 'sample')).toMatchObject([
      { rowCount: 10 },
      { rowCount: 3 },
      { rowCount: 10, kind: 'restated', reason: 'bad drop', previousRowCount: 3 },
    ]);
  });

  it('refuses a version without the partition, and files that are gone', async () => {
    const store = await open();
    await lake.commit(store, { day: '2018-10-02', rowCount: 10 });
    const { files } = await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.commit(store, { day: DAY, rowCount: 3 });
    const options = { day: DAY, reason: 'why' };
    await expect(rollbackPartition(store, 'sample', { ...options, toVersion: 0 })).rejects.toMatchObject({
      code: 'FL_OBJECT_MISSING',
    });
    await store.delete(files[0]!.key);
    await expect(rollbackPartition(store, 'sample', { ...options, toVersion: 1 })).rejects.toMatchObject({
      code: 'FL_OBJECT_MISSING',
      retryable: false,
    });
    expect(await rowsNow(store)).toEqual([3]);
  });
});

describe('history', () => {
  const lake = useSampleLake();
  const open = () => openStore(lake.freshDir());

  it('tells the versions of a partition, newest first, and what each changed', async () => {
    const store = await open();
    const first = await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.commit(store, { day: '2018-10-02', rowCount: 7 });
    await lake.commit(store, { day: DAY, rowCount: 10, inputsHash: 'same bytes' });
    await lake.commit(store, { day: DAY, rowCount: 3 });
    await rollbackPartition(store, 'sample', { day: DAY, toVersion: 0, reason: 'bad drop' });
    await unpinPartition(store, 'sample', DAY, 'fixed');
    const history = await partitionHistory(store, 'sample', DAY);
    expect(history).toMatchObject([
      { version: 5, kind: 'unpin', pin: 'cleared', token: undefined, rowCount: undefined, reason: 'fixed' },
      { version: 4, kind: 'rollback', pin: 'set', rowCount: 10, reason: 'bad drop' },
      { version: 3, kind: 'publish', rowCount: 3 },
      { version: 2, kind: 'confirm', rowCount: undefined },
      { version: 0, kind: 'publish', rowCount: 10, token: first.token, runId: `test__${first.token}` },
    ]);
    expect(await partitionHistory(store, 'sample', DAY, { limit: 2 })).toEqual(history.slice(0, 2));
    expect(await partitionHistory(store, 'sample', '2018-12-31')).toEqual([]);
  });

  it('finds the version of any time', async () => {
    const store = await open();
    const beforeMs = Date.now() - 1;
    const times: number[] = [];
    for (let count = 1; count <= 12; count += 1) {
      await lake.commit(store, { day: DAY, rowCount: count });
      await sleep(2);
      times.push(Date.now());
      await sleep(2);
    }
    expect(await versionAt(store, 'sample', beforeMs)).toBe(-1);
    for (const [version, timeMs] of times.entries()) {
      expect(await versionAt(store, 'sample', timeMs)).toBe(version);
    }
    const [file] = filesOfDay(await readSnapshotAt(store, 'sample', times[6]!), DAY);
    expect(file!.rowCount).toBe(7);
    expect(await readSnapshotAt(store, 'sample', beforeMs)).toMatchObject({ version: -1 });
  });
});

describe('commitPartitions', () => {
  const lake = useSampleLake();

  const commitOf = async (store: ObjectStore, day: string, rowCount: number, claimed?: string) => {
    const token = claimed ?? (await claimPartition(store, 'sample', day));
    const file = await putSample(store, lake.duck, lake.tempPath, { day, rowCount, token });
    return { day, token, files: [file], manifest: sampleManifest(day, token, [file], `in-${rowCount}`) };
  };

  it('makes several days visible in one version', async () => {
    const store = await openStore(lake.freshDir());
    const days = ['2018-10-01', '2018-10-02', '2018-10-03'];
    const commits = await Promise.all(days.map((day) => commitOf(store, day, 10)));
    expect(await commitPartitions(store, sampleTable, commits)).toEqual({
      outcomes: ['committed', 'committed', 'committed'],
      version: 0,
    });
    const again = [await commitOf(store, days[0]!, 10), await commitOf(store, days[1]!, 11)];
    expect(await commitPartitions(store, sampleTable, again)).toEqual({
      outcomes: ['unchanged', 'committed'],
      version: 1,
    });
    const snapshot = await readSnapshot(store, 'sample');
    expect(days.map((day) => filesOfDay(snapshot, day)[0]!.rowCount)).toEqual([10, 11, 10]);
    expect(headToken(snapshot, days[0]!)).toBe(commits[0]!.token);
  });

  it('commits none of them when one is fenced', async () => {
    const store = await openStore(lake.freshDir());
    const old = await claimPartition(store, 'sample', '2018-10-02');
    const newer = await commitOf(store, '2018-10-02', 5);
    await commitPartition(store, sampleTable, newer);
    const commits = [await commitOf(store, '2018-10-01', 10), await commitOf(store, '2018-10-02', 10, old)];
    await expect(commitPartitions(store, sampleTable, commits)).rejects.toMatchObject({ code: 'FL_FENCED' });
    const snapshot = await readSnapshot(store, 'sample');
    expect(snapshot.version).toBe(0);
    expect(filesOfDay(snapshot, '2018-10-01')).toEqual([]);
  });
});
