/** Readers that are not ours see the same rows in the Delta table: deltalake with pandas and polars, and ClickHouse. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findPython } from '../../cli/test/python.ts';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { collectGarbage } from '../../lake/gc.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { listKeys } from './list-keys.ts';
import { type Days, overwriteDays } from './overwritten-days.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleManifest, sampleTable } from './sample-publish.ts';

const python = await findPython();
const pythonInstalled =
  python === undefined
    ? { missing: 'the Python readers are not installed; ./flyerline test installs it' }
    : {};

const run = promisify(execFile);
const READER = new URL('./read_delta.py', import.meta.url).pathname;

/** What `read_delta.py` prints. */
interface Seen {
  readonly version: number;
  readonly pandas: Days;
  readonly polars: Days;
  readonly clickhouse: Days;
  readonly one_day: [number, string[]];
  readonly schema: [string, string, boolean][];
  readonly past: Readonly<Record<string, Days>>;
  readonly clickhouse_one_day: Days;
  readonly clickhouse_types: Readonly<Record<string, string>>;
  readonly clickhouse_past: Readonly<Record<string, Days>>;
}

describeWith([pythonInstalled, s3ServerInstalled.moto], 'the Delta table', () => {
  const lake = useSampleLake();
  const server = useS3Server('moto');

  const read = async (url: string, versions: readonly number[], options: Record<string, string> = {}) => {
    const args = [READER, url, JSON.stringify(versions), JSON.stringify(options)];
    const { stdout } = await run(python!, args, { timeout: 60_000 });
    return JSON.parse(stdout) as Seen;
  };

  const expectAll = (seen: Seen, days: Days) => {
    expect(seen.pandas).toEqual(days);
    expect(seen.polars).toEqual(days);
    expect(seen.clickhouse).toEqual(days);
  };

  const overwrite = (store: ObjectStore, times: number) => overwriteDays(store, lake.commit, times);

  it('is the same for pandas, polars and ClickHouse, now and back in time, across overwrites and checkpoints', async () => {
    const directory = lake.freshDir();
    const states = await overwrite(await openStore(directory), 23);
    const seen = await read(`${directory}/tables/sample`, [0, 3, 10, 15, 20]);
    expect(seen.version).toBe(22);
    expectAll(seen, states[22]!);
    const past = Object.fromEntries([0, 3, 10, 15, 20].map((version) => [version, states[version]]));
    expect(seen.past).toEqual(past);
    expect(seen.clickhouse_past).toEqual(past);
    expect(seen.clickhouse_one_day).toEqual({ '2018-10-02': states[22]!['2018-10-02'] });
    expect(seen.one_day).toEqual([states[22]!['2018-10-02']![0], ['id', 'user_id']]);
    expect(seen.schema).toEqual([
      ['id', 'long', false],
      ['day', 'date', false],
      ['user_id', 'string', false],
      ['views', 'integer', false],
      ['dwell_s', 'double', true],
      ['suspect', 'boolean', false],
      ['dt', 'date', false],
    ]);
    expect(seen.clickhouse_types).toEqual({
      ...{ id: 'Int64', day: 'Date32', user_id: 'String', views: 'Int32', dwell_s: 'Nullable(Float64)' },
      ...{ suspect: 'Bool', dt: 'Date32' },
    });
  });

  it('is the same after 100 commits, a rollback, an added column and garbage collection', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    const states = await overwrite(store, 100);
    const day = '2018-10-02';
    await rollbackPartition(store, 'sample', { day, toVersion: 50, reason: 'a bad drop' });
    const wanted = { ...states[99], [day]: states[50]![day]! };
    await collectGarbage(store, { nowMs: Date.now() + 31 * 86_400_000 });
    const token = await claimPartition(store, 'sample', '2018-10-04');
    const note = { name: 'note', type: 'string', nullable: true, description: 'New.' } as const;
    await commitPartition(
      store,
      { ...sampleTable, columns: [...sampleTable.columns, note] },
      { day: '2018-10-04', token, files: [], manifest: sampleManifest('2018-10-04', token, []) },
    );
    const seen = await read(`${directory}/tables/sample`, [100]);
    expect(seen.version).toBe(101);
    expectAll(seen, wanted);
    expect([seen.past['100'], seen.clickhouse_past['100']]).toEqual([wanted, wanted]);
    expect(seen.schema.map(([name]) => name)).toContain('note');
    expect(seen.clickhouse_types).toMatchObject({ note: 'Nullable(String)' });
    expect(await listKeys(store, 'tables/sample/dt=')).toHaveLength(3);
  });

  it('is the same on S3', async () => {
    const bucket = await server.createBucket();
    const store = await openStore(`s3://${bucket}/lake`, { s3: server.config });
    const states = await overwrite(store, 12);
    await store.close();
    const seen = await read(`s3://${bucket}/lake/tables/sample`, [5], {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_ALLOW_HTTP: 'true',
      AWS_REGION: 'us-east-1',
      ...server.env,
    });
    expectAll(seen, states[11]!);
    expect([seen.past['5'], seen.clickhouse_past['5']]).toEqual([states[5], states[5]]);
  });
});
