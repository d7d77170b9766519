/** Readers that are not ours see the same rows in the Delta table: deltalake for Python, with pandas and polars. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findPython } from '../../cli/test/python.ts';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { collectGarbage } from '../../lake/gc.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { endingAtOnce } from '../support/python-script.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { listKeys } from './list-keys.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleManifest, sampleTable } from './sample-publish.ts';

const python = await findPython();
const pythonInstalled =
  python === undefined ? { missing: 'deltalake is not installed; ./flyerline test installs it' } : {};

const run = promisify(execFile);

/** Counts and sums per day, by two readers, at the newest version and back in time. */
const READ = `
import json, sys, deltalake, polars
url, versions, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
def summary(frame):
    by_day = frame.groupby('dt').agg(rows=('id', 'count'), ids=('id', 'sum'), nulls=('dwell_s', lambda x: int(x.isna().sum())))
    return {str(day): [int(row.rows), int(row.ids), int(row.nulls)] for day, row in by_day.iterrows()}
table = deltalake.DeltaTable(url, storage_options=options)
out = {'version': table.version(), 'pandas': summary(table.to_pandas())}
frame = polars.scan_delta(url, storage_options=options).group_by('dt').agg(
    polars.col('id').count().alias('rows'), polars.col('id').sum().alias('ids'), polars.col('dwell_s').null_count().alias('nulls')).collect()
out['polars'] = {str(row['dt']): [row['rows'], row['ids'], row['nulls']] for row in frame.iter_rows(named=True)}
one = table.to_pandas(partitions=[('dt', '=', '2018-10-02')], columns=['id', 'user_id'])
out['one_day'] = [len(one), sorted(one.columns)]
out['schema'] = [[f.name, f.type.type, f.nullable] for f in table.schema().fields]
out['past'] = {}
for version in versions:
    table.load_as_version(version)
    out['past'][str(version)] = summary(table.to_pandas())
print(json.dumps(out))
`;

interface Seen {
  readonly version: number;
  readonly pandas: Record<string, number[]>;
  readonly polars: Record<string, number[]>;
  readonly one_day: [number, string[]];
  readonly schema: [string, string, boolean][];
  readonly past: Record<string, Record<string, number[]>>;
}

describeWith([pythonInstalled, s3ServerInstalled.moto], 'the Delta table', () => {
  const lake = useSampleLake();
  const server = useS3Server('moto');

  const read = async (url: string, versions: readonly number[], options: Record<string, string> = {}) => {
    const script = join(lake.tempPath, 'read.py');
    writeFileSync(script, endingAtOnce(READ));
    const args = [script, url, JSON.stringify(versions), JSON.stringify(options)];
    const { stdout } = await run(python!, args, { timeout: 60_000 });
    return JSON.parse(stdout) as Seen;
  };

  /** Days 1 to 3 in turn, with 100 rows more each time; what readers should see at each version. */
  const overwrite = async (store: ObjectStore, times: number) => {
    const states: Record<string, number[]>[] = [];
    for (let version = 0; version < times; version += 1) {
      const day = `2018-10-0${1 + (version % 3)}`;
      const rowCount = 100 + version;
      await lake.commit(store, { day, rowCount, salt: version });
      const row = [rowCount, (rowCount * (rowCount - 1)) / 2, Math.ceil(rowCount / 5)];
      states.push({ ...states.at(-1), [day]: row });
    }
    return states;
  };

  it('is the same for pandas, polars and back in time, across overwrites and checkpoints', async () => {
    const directory = lake.freshDir();
    const states = await overwrite(await openStore(directory), 23);
    const seen = await read(`${directory}/tables/sample`, [0, 3, 10, 15, 20]);
    expect(seen.version).toBe(22);
    expect(seen.pandas).toEqual(states[22]);
    expect(seen.polars).toEqual(states[22]);
    for (const [version, rows] of Object.entries(seen.past)) expect(rows).toEqual(states[Number(version)]);
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
  });

  it('is the same after 100 commits, a rollback, an added column and garbage collection', async () => {
    const directory = lake.freshDir();
    const store = await openStore(directory);
    const states = await overwrite(store, 100);
    const day = '2018-10-02';
    await rollbackPartition(store, 'sample', { day, toVersion: 50, reason: 'a bad drop' });
    const wanted = { ...states[99], [day]: states[50]![day] };
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
    expect(seen.pandas).toEqual(wanted);
    expect(seen.polars).toEqual(wanted);
    expect(seen.past['100']).toEqual(wanted);
    expect(seen.schema.map(([name]) => name)).toContain('note');
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
    expect(seen.pandas).toEqual(states[11]);
    expect(seen.polars).toEqual(states[11]);
    expect(seen.past['5']).toEqual(states[5]);
  });
});
