/** Commits: who wins, who is fenced, what changes nothing, and that a table is always whole. */
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { claimsDir, logDir, logEntryKey } from '../../lake/lake-keys.ts';
import { readHeadManifest } from '../../lake/manifest.ts';
import { openStore } from '../../lake/open-store.ts';
import { committedDays, filesOfDay, headToken, readSnapshot } from '../../lake/table-log.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { listKeys } from './list-keys.ts';
import { useSampleLake } from './sample-lake.ts';
import { putSample, sampleManifest, sampleTable } from './sample-publish.ts';

const DAY = '2018-10-01';

describe('commitPartition', () => {
  const lake = useSampleLake();
  const open = () => openStore(lake.freshDir());

  it('creates the table with its first partition and replaces a partition whole', async () => {
    const store = await open();
    expect(await readSnapshot(store, 'sample')).toMatchObject({ version: -1 });
    const first = await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.commit(store, { day: '2018-10-02', rowCount: 5 });
    const second = await lake.commit(store, { day: DAY, rowCount: 12 });
    expect([first.outcome, first.version, second.outcome, second.version]).toEqual([
      'committed',
      0,
      'committed',
      2,
    ]);
    const snapshot = await readSnapshot(store, 'sample');
    expect(committedDays(snapshot)).toEqual([DAY, '2018-10-02']);
    expect(filesOfDay(snapshot, DAY)).toMatchObject([{ rowCount: 12, sha256: second.files[0]!.sha256 }]);
    expect(headToken(snapshot, DAY)).toBe(second.token);
    expect(await readHeadManifest(store, 'sample', DAY)).toMatchObject({ token: second.token, rowCount: 12 });
  });

  it('reads any earlier version', async () => {
    const store = await open();
    for (let version = 0; version < 25; version += 1) {
      await lake.commit(store, { day: DAY, rowCount: version + 1 });
    }
    for (const version of [0, 9, 10, 11, 24]) {
      const [file] = filesOfDay(await readSnapshot(store, 'sample', { version }), DAY);
      expect(file!.rowCount).toBe(version + 1);
    }
    await expect(readSnapshot(store, 'sample', { version: 25 })).rejects.toMatchObject({
      code: 'FL_OBJECT_MISSING',
    });
  });

  it('continues an earlier snapshot with what came after it', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 1 });
    const since = await readSnapshot(store, 'sample');
    for (let count = 2; count < 15; count += 1) await lake.commit(store, { day: DAY, rowCount: count });
    expect(await readSnapshot(store, 'sample', { since })).toEqual(
      await readSnapshot(store, 'sample', { version: 13 }),
    );
    expect(since.version).toBe(0);
  });

  it('fences an older claim, which leaves no trace in the log', async () => {
    const store = await open();
    const token = await claimPartition(store, 'sample', DAY);
    await lake.commit(store, { day: DAY, rowCount: 10 });
    const zombie = lake.commit(store, { day: DAY, rowCount: 99, token });
    await expect(zombie).rejects.toMatchObject({ code: 'FL_FENCED', retryable: false });
    expect((await readSnapshot(store, 'sample')).version).toBe(0);
    expect(await listKeys(store, logDir('sample'))).toHaveLength(1);
  });

  it('lets the newest of 16 concurrent claims win, whatever the order of commits', async () => {
    const store = await open();
    const tokens: string[] = [];
    for (let n = 0; n < 16; n += 1) tokens.push(await claimPartition(store, 'sample', DAY));
    expect(new Set(tokens).size).toBe(16);
    const commits = await Promise.all(
      tokens.map(async (token, n) => {
        const file = await putSample(store, lake.duck, lake.tempPath, {
          day: DAY,
          rowCount: 10 + n,
          token,
        });
        return { day: DAY, token, files: [file], manifest: sampleManifest(DAY, token, [file]) };
      }),
    );
    const ends = await Promise.allSettled(
      commits.map((commit) => commitPartition(store, sampleTable, commit)),
    );
    const won = ends.filter((end) => end.status === 'fulfilled').length;
    for (const end of ends) {
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'FL_FENCED' });
    }
    const snapshot = await readSnapshot(store, 'sample');
    expect(snapshot.version).toBe(won - 1);
    expect(headToken(snapshot, DAY)).toBe(tokens[15]);
    expect(filesOfDay(snapshot, DAY)).toMatchObject([{ rowCount: 25 }]);
  });

  it('commits 12 days at once without losing one', async () => {
    const store = await open();
    const days = Array.from({ length: 12 }, (_, n) => `2018-11-${String(n + 1).padStart(2, '0')}`);
    const results = await Promise.all(days.map((day) => lake.commit(store, { day, rowCount: 3 })));
    expect(results.map(({ version }) => version).sort((a, b) => a - b)).toEqual(days.map((_, n) => n));
    expect(committedDays(await readSnapshot(store, 'sample'))).toEqual(days);
  });

  it('takes a second attempt of the same claim for done', async () => {
    const store = await open();
    const first = await lake.commit(store, { day: DAY, rowCount: 10 });
    const again = await lake.commit(store, { day: DAY, rowCount: 10, token: first.token });
    expect(again).toMatchObject({ outcome: 'already', version: 0 });
  });

  it('refuses a claim that is used for two contents', async () => {
    const store = await open();
    const first = await lake.commit(store, { day: DAY, rowCount: 10 });
    await expect(lake.commit(store, { day: DAY, rowCount: 11, token: first.token })).rejects.toMatchObject({
      code: 'FL_FENCED',
    });
  });

  it('makes no version of the same inputs and bytes', async () => {
    const store = await open();
    const first = await lake.commit(store, { day: DAY, rowCount: 10 });
    const again = await lake.commit(store, { day: DAY, rowCount: 10 });
    expect(again).toMatchObject({ outcome: 'unchanged', version: 0 });
    expect((await readHeadManifest(store, 'sample', DAY))!.token).toBe(first.token);
  });

  it('keeps the files but knows the newer claim when other inputs give the same bytes', async () => {
    const store = await open();
    const first = await lake.commit(store, { day: DAY, rowCount: 10, inputsHash: 'a' });
    const older = await claimPartition(store, 'sample', DAY);
    const again = await lake.commit(store, { day: DAY, rowCount: 10, inputsHash: 'b' });
    expect(again).toMatchObject({ outcome: 'unchanged', version: 1 });
    const manifest = await readHeadManifest(store, 'sample', DAY);
    expect(manifest).toMatchObject({ inputsHash: 'b', sameBytesAs: first.token, files: first.files });
    expect(filesOfDay(await readSnapshot(store, 'sample'), DAY)[0]!.key).toBe(first.files[0]!.key);
    // The claim in between saw less than the one that confirmed.
    await expect(lake.commit(store, { day: DAY, rowCount: 11, token: older })).rejects.toMatchObject({
      code: 'FL_FENCED',
    });
  });

  it('commits a partition without rows', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    const token = await claimPartition(store, 'sample', DAY);
    const manifest = sampleManifest(DAY, token, [], 'empty');
    const result = await commitPartition(store, sampleTable, { day: DAY, token, files: [], manifest });
    expect(result.outcome).toBe('committed');
    const snapshot = await readSnapshot(store, 'sample');
    expect(filesOfDay(snapshot, DAY)).toEqual([]);
    expect(committedDays(snapshot)).toEqual([DAY]);
  });

  it('refuses a claim of more than a day, and one that was never made', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    const token = await claimPartition(store, 'sample', DAY);
    const longAgo = Date.now() / 1000 - 25 * 3600;
    await utimes(join(directory, claimsDir('sample', DAY), token), longAgo, longAgo);
    await expect(lake.commit(store, { day: DAY, rowCount: 1, token })).rejects.toMatchObject({
      code: 'FL_CLAIM_EXPIRED',
      retryable: false,
    });
    const invented = '00000000000000000099';
    await expect(lake.commit(store, { day: DAY, rowCount: 1, token: invented })).rejects.toMatchObject({
      code: 'FL_CLAIM_EXPIRED',
    });
  });

  it('refuses a file with other rows or columns than declared, before anything is visible', async () => {
    const store = await open();
    const token = await claimPartition(store, 'sample', DAY);
    const file = await putSample(store, lake.duck, lake.tempPath, { day: DAY, rowCount: 10, token });
    const commitOf = (files: readonly (typeof file)[], schema: TableSchema = sampleTable) =>
      commitPartition(store, schema, {
        day: DAY,
        token,
        files,
        manifest: sampleManifest(DAY, token, files),
      });
    await expect(commitOf([{ ...file, rowCount: 11 }])).rejects.toMatchObject({ code: 'FL_SCHEMA_MISMATCH' });
    const [first, ...others] = sampleTable.columns;
    const narrower = { ...sampleTable, columns: [{ ...first!, type: 'int' as const }, ...others] };
    await expect(commitOf([file], narrower)).rejects.toMatchObject({ code: 'FL_SCHEMA_MISMATCH' });
    await store.put(file.key, (await store.get(file.key)).body.subarray(0, 500));
    await expect(commitOf([file])).rejects.toMatchObject({ code: 'FL_SCHEMA_MISMATCH' });
    expect((await readSnapshot(store, 'sample')).version).toBe(-1);
  });

  it('adds a nullable column, and refuses every other change of schema', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    const commitWith = async (columns: TableSchema['columns']) => {
      const token = await claimPartition(store, 'sample', DAY);
      const manifest = sampleManifest(DAY, token, [], `empty-${token}`);
      return commitPartition(store, { ...sampleTable, columns }, { day: DAY, token, files: [], manifest });
    };
    const { columns } = sampleTable;
    const note = { name: 'note', type: 'string', description: 'New.' } as const;
    const refused = { code: 'FL_SCHEMA_MISMATCH', retryable: false };
    await expect(commitWith([...columns, note])).rejects.toMatchObject(refused);
    await expect(commitWith(columns.slice(1))).rejects.toMatchObject(refused);
    await expect(commitWith(columns.map((c) => ({ ...c, type: 'string' })))).rejects.toMatchObject(refused);
    await commitWith([...columns, { ...note, nullable: true }]);
    const names = (await readSnapshot(store, 'sample')).columns!.map(({ name }) => name);
    expect(names).toEqual([...columns.map(({ name }) => name), 'note', 'dt']);
  });

  it('refuses a log with a gap, and a table that needs more of its readers', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    for (let count = 1; count <= 4; count += 1) await lake.commit(store, { day: DAY, rowCount: count });
    await store.delete(logEntryKey('sample', 2));
    await expect(readSnapshot(store, 'sample')).rejects.toMatchObject({ code: 'FL_TABLE_CORRUPT' });
    await store.put(logEntryKey('sample', 2), '{"protocol":{"minReaderVersion":3,"minWriterVersion":7}}\n');
    await expect(readSnapshot(store, 'sample')).rejects.toMatchObject({ code: 'FL_TABLE_UNSUPPORTED' });
    await store.put(logEntryKey('sample', 2), 'no JSON');
    await expect(readSnapshot(store, 'sample')).rejects.toMatchObject({ code: 'FL_TABLE_CORRUPT' });
  });

  it('commits although the checkpoint fails, and tells', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    for (let count = 1; count <= 10; count += 1) await lake.commit(store, { day: DAY, rowCount: count });
    const token = await claimPartition(store, 'sample', DAY);
    const file = await putSample(store, lake.duck, lake.tempPath, { day: DAY, rowCount: 11, token });
    const told: unknown[] = [];
    const commit = { day: DAY, token, files: [file], manifest: sampleManifest(DAY, token, [file]) };
    const { TMPDIR = '' } = process.env;
    process.env.TMPDIR = join(directory, 'not-there');
    try {
      const result = await commitPartition(store, sampleTable, commit, {
        onCheckpointError: (error) => told.push(error),
      });
      expect(result).toMatchObject({ outcome: 'committed', version: 10 });
    } finally {
      if (TMPDIR === '') delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
    expect(told).toMatchObject([{ code: 'ENOENT' }]);
    const names = await readdir(join(directory, logDir('sample')));
    expect(names.filter((name) => name.includes('checkpoint'))).toEqual([]);
    expect((await readSnapshot(store, 'sample')).version).toBe(10);
  });
});
