/** `current/`, its catalog and its feed: they follow the head of the log, whoever publishes, in whatever order. */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCatalog, updateCatalog } from '../../lake/catalog.ts';
import { publishCurrent, readCurrentState } from '../../lake/current.ts';
import { sqlPaths } from '../../lake/duckdb.ts';
import { CATALOG_KEY, currentKey, currentStateKey, restatementsKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { readRestatements } from '../../lake/restatements.ts';
import { useSampleLake } from './sample-lake.ts';
import { exportSample, sampleTable } from './sample-publish.ts';

const DAY = '2018-10-01';

describe('current/', () => {
  const lake = useSampleLake();
  const open = () => openStore(lake.freshDir());

  const rowsShown = async (store: ObjectStore) => {
    const path = await store.fetchFile(currentKey('sample', DAY, 'parquet'), '');
    const [row] = await lake.duck.rows<{ n: number }>(
      `SELECT count(*)::INTEGER AS n FROM read_parquet(${sqlPaths([path])})`,
    );
    return row!.n;
  };

  it('shows the head of the log in both formats', async () => {
    const store = await open();
    const { token } = await lake.commit(store, { day: DAY, rowCount: 30 });
    const [parquet, csv] = await lake.export(store, DAY);
    expect(parquet).toMatchObject({ outcome: 'published', token, rowCount: 30, version: 0 });
    expect(csv).toMatchObject({ outcome: 'published', token, rowCount: 30 });
    expect(await rowsShown(store)).toBe(30);
    const text = (await store.get(currentKey('sample', DAY, 'csv'))).body.toString();
    expect(text.split('\n').slice(0, 3)).toEqual([
      'id,day,user_id,views,dwell_s,suspect',
      '0,2018-10-01,user-0,0,,true',
      '1,2018-10-01,user-7,1,1.5,false',
    ]);
  });

  it('writes nothing when it shows the head already, and the same bytes when told to', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 30 });
    await lake.export(store, DAY);
    const before = await store.head(currentKey('sample', DAY, 'parquet'));
    const bytes = (await store.get(currentKey('sample', DAY, 'parquet'))).body;
    const again = await lake.export(store, DAY);
    expect(again.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
    expect(await store.head(currentKey('sample', DAY, 'parquet'))).toEqual(before);

    await store.delete(currentKey('sample', DAY, 'parquet'));
    expect((await lake.export(store, DAY))[0]!.outcome).toBe('published');
    expect((await store.get(currentKey('sample', DAY, 'parquet'))).body.equals(bytes)).toBe(true);
  });

  it('repairs an object that somebody else replaced, and a state that does not parse', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 30 });
    await lake.export(store, DAY);
    await store.put(currentKey('sample', DAY, 'parquet'), 'scribble');
    await store.put(currentStateKey('sample', DAY, 'csv'), '{');
    expect((await lake.export(store, DAY)).map(({ outcome }) => outcome)).toEqual(['published', 'published']);
    expect(await rowsShown(store)).toBe(30);
  });

  it('shows the newest version although an older one is published later', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    let built = 0;
    await publishCurrent(store, sampleTable, {
      day: DAY,
      format: 'parquet',
      build: async (files) => {
        built += 1;
        // While this slow publisher builds from version 0, version 1 is committed and published by another.
        if (built === 1) {
          await lake.commit(store, { day: DAY, rowCount: 20 });
          await lake.export(store, DAY);
        }
        const path = join(lake.freshDir(), 'built.parquet');
        await copyFile(await store.fetchFile(files[0]!.key, ''), path);
        const { size, sha256, rowCount } = files[0]!;
        return { path, size, sha256: sha256!, rowCount };
      },
    });
    expect(await rowsShown(store)).toBe(20);
    expect(await readCurrentState(store, 'sample', DAY, 'parquet')).toMatchObject({
      version: 1,
      rowCount: 20,
    });
  });

  it('publishes a version that is committed while it puts an older one', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    let steps = 0;
    await exportSample(store, lake.duck, lake.freshDir(), DAY, async (step) => {
      // The committer dies before it publishes: whoever is publishing has to see it.
      if (step === 'parquet:current-put' && ++steps === 1) {
        await lake.commit(store, { day: DAY, rowCount: 20 });
      }
    });
    expect(await rowsShown(store)).toBe(20);
  });

  it('converges when eight publish at once', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        if (n === 3) await lake.commit(store, { day: DAY, rowCount: 40 });
        await exportSample(store, lake.duck, lake.freshDir(), DAY);
      }),
    );
    expect(await rowsShown(store)).toBe(40);
    const state = await readCurrentState(store, 'sample', DAY, 'parquet');
    expect(state!.etag).toBe((await store.head(currentKey('sample', DAY, 'parquet')))!.etag);
    expect(await readRestatements(store, 'sample')).toHaveLength(
      new Set((await readRestatements(store, 'sample')).map(({ content }) => content)).size,
    );
  });

  it('refuses a day that was never committed', async () => {
    const store = await open();
    await expect(lake.export(store, DAY)).rejects.toMatchObject({
      code: 'FL_OBJECT_MISSING',
      retryable: false,
    });
  });

  it('keeps the old object when the new one does not pass its check', async () => {
    const store = await open();
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.export(store, DAY);
    await lake.commit(store, { day: DAY, rowCount: 20 });
    const refuse = async () => {
      throw new Error('does not read back');
    };
    await expect(
      publishCurrent(store, sampleTable, { day: DAY, format: 'parquet', build: refuse }),
    ).rejects.toThrow('does not read back');
    expect(await rowsShown(store)).toBe(10);
  });
});

describe('the catalog and the feed', () => {
  const lake = useSampleLake();
  const open = () => openStore(lake.freshDir());

  it('tell columns with units, and every partition with its checksums', async () => {
    const store = await open();
    await lake.commit(store, { day: '2018-10-02', rowCount: 10 });
    await lake.commit(store, { day: DAY, rowCount: 20 });
    await lake.export(store, '2018-10-02');
    const [parquet, csv] = await lake.export(store, DAY);
    const catalog = await readCatalog(store);
    expect(catalog!.tables).toHaveLength(1);
    expect(catalog!.tables[0]).toMatchObject({
      name: 'sample',
      description: 'Rows of tests.',
      key: ['id'],
      version: 1,
      delta: 'tables/sample',
      partitions: [
        {
          day: DAY,
          rowCount: 20,
          codeVersion: 'code-1',
          files: {
            parquet: { key: parquet!.key, sha256: parquet!.sha256, size: parquet!.size },
            csv: { key: csv!.key, sha256: csv!.sha256 },
          },
        },
        { day: '2018-10-02', rowCount: 10 },
      ],
    });
    expect((catalog!.tables[0] as unknown as { columns: unknown[] }).columns[4]).toEqual({
      name: 'dwell_s',
      type: 'double',
      unit: 's',
      description: 'How long.',
      nullable: true,
    });
  });

  it('tell each change of content once, with what was before', async () => {
    const store = await open();
    const first = await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.export(store, DAY);
    await lake.export(store, DAY);
    await lake.commit(store, { day: DAY, rowCount: 10, inputsHash: 'other inputs, same bytes' });
    await lake.export(store, DAY);
    const second = await lake.commit(store, { day: DAY, rowCount: 12 });
    await lake.export(store, DAY);
    await updateCatalog(store, [sampleTable], DAY);
    expect(await readRestatements(store, 'sample')).toMatchObject([
      { kind: 'published', token: first.token, previousToken: null, rowCount: 10 },
      {
        kind: 'restated',
        token: second.token,
        previousToken: first.token,
        rowCount: 12,
        previousRowCount: 10,
        runId: `test__${second.token}`,
      },
    ]);
    const lines = (await store.get(restatementsKey('sample'))).body.toString().split('\n');
    expect(lines).toHaveLength(3);
  });

  it('lose no day when 6 days are published at once', async () => {
    const store = await open();
    const days = [1, 2, 3, 4, 5, 6].map((n) => `2018-10-0${n}`);
    for (const day of days) await lake.commit(store, { day, rowCount: 5 });
    await Promise.all(days.map((day) => exportSample(store, lake.duck, lake.freshDir(), day)));
    const catalog = await readCatalog(store);
    expect(catalog!.tables[0]!.partitions.map(({ day }) => day)).toEqual(days);
    expect(await readRestatements(store, 'sample')).toHaveLength(6);
  });

  it('end in a newline and read by line, so that a reader may stop anywhere', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    await lake.commit(store, { day: DAY, rowCount: 10 });
    await lake.export(store, DAY);
    const path = await store.fetchFile(restatementsKey('sample'), '');
    expect((await readFile(path, 'utf8')).endsWith('}\n')).toBe(true);
    expect(JSON.parse((await store.get(CATALOG_KEY)).body.toString())).toMatchObject({ format: 1 });
  });
});
