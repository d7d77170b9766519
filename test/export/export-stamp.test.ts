/** R17: every exported file says what its rows mean and come from, and equal events make equal files. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256File } from '../../lake/sha256.ts';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { type NightlyLake, openNightlyLake } from '../support/nightly-lake.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAY = '2018-10-01';
const EXPORTED = PUBLISHED_TABLES.filter(({ exported }) => exported).map(({ name }) => name);

describe('the stamp of an export', () => {
  const temp = useTempDir();
  const rows: RawRow[] = ['09:00:00 flyer_open', '09:00:40 item_open', '09:02:00 flyer_close'].flatMap(
    (text) =>
      ['u1', 'u2'].map((user) => {
        const [time, event] = text.split(' ') as [string, string];
        return { timestamp: `${DAY}T${time}-04:00`, user, event, flyer: '7', merchant: '3' };
      }),
  );
  let one: NightlyLake;
  let other: NightlyLake;

  beforeAll(async () => {
    one = await openNightlyLake(temp.path);
    one.drop('all.csv', rows);
    await one.run(DAY);
    other = await openNightlyLake(temp.path);
    // The same events: in two drops, the other way round, one of them sent twice.
    other.drop('b.csv', [...rows].reverse().slice(0, 4));
    other.drop('a.csv', [...rows].reverse().slice(3));
    await other.run(DAY);
  });

  afterAll(async () => {
    await Promise.all([one, other].map((lake) => lake?.close()));
  });

  const beside = async (lake: NightlyLake, table: string, format: 'parquet' | 'csv') => {
    const path = lake.current(table, DAY, format);
    return JSON.parse(await readFile(join(dirname(path), `_${table}.${format}.json`), 'utf8'));
  };
  const inFooter = async (path: string) => {
    const { key_value_metadata = [] } = await parquetMetadataAsync(await asyncBufferFromFile(path));
    return Object.fromEntries(key_value_metadata.map(({ key, value }) => [key, value]));
  };

  it.each(EXPORTED)('of %s is in the Parquet footer and beside the CSV', async (table) => {
    const stamp = await inFooter(one.current(table, DAY, 'parquet'));
    expect(stamp).toEqual({
      definition_version: 'dwell-1',
      metric_params: expect.stringContaining('"inactivity_timeout_s":1800'),
      input_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      as_of: `${DAY}T13:02:00.000Z`,
      status: 'final',
    });
    for (const format of ['parquet', 'csv'] as const) {
      const said = await beside(one, table, format);
      expect(said.stamp).toEqual(stamp);
      expect(said).toMatchObject(await sha256File(one.current(table, DAY, format)));
    }
  });

  it('tells other events apart, and other parameters', async () => {
    const third = await openNightlyLake(temp.path);
    third.drop('all.csv', [...rows, { ...rows[0]!, user: 'u3' }]);
    await third.run(DAY, { bounce_s: 5 });
    const [a, b] = await Promise.all(
      [one, third].map((lake) => inFooter(lake.current('user_day', DAY, 'parquet'))),
    );
    expect(b!.input_fingerprint).not.toBe(a!.input_fingerprint);
    expect(JSON.parse(b!.metric_params!).bounce_s).toBe(5);
    await third.close();
  });

  it.each(EXPORTED.filter((name) => name !== 'dq_day'))(
    'and the bytes of %s are the same, however the events were dropped',
    async (table) => {
      for (const format of ['parquet', 'csv'] as const) {
        expect(await sha256File(other.current(table, DAY, format))).toEqual(
          await sha256File(one.current(table, DAY, format)),
        );
      }
    },
  );
});
