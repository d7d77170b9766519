/** Heads of many partitions: the same from digests as from manifests, and in a few requests. */
import { beforeAll, describe, expect, it } from 'vitest';
import { claimPartition } from '../../lake/claim.ts';
import { commitPartition } from '../../lake/commit.ts';
import { digestsKey } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { readHeads } from '../../lake/partition-heads.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleManifest, sampleTable } from './sample-publish.ts';

const RANGE = { from: '2018-09-01', to: '2018-12-31' };
const DAYS = ['2018-09-30', '2018-10-01', '2018-10-02'];

describe('heads of partitions', () => {
  const lake = useSampleLake();
  let store: ObjectStore;
  const table = { ...sampleTable, exported: false };
  const commit = async (day: string, inputs: string) => {
    const token = await claimPartition(store, table.name, day);
    const manifest = sampleManifest(day, token, [], inputs);
    await commitPartition(store, table, { day, token, files: [], manifest });
  };
  /** The store, and how many objects were fetched from it. */
  const counting = () => {
    const keys: string[] = [];
    const get: ObjectStore['get'] = (key) => {
      keys.push(key);
      return store.get(key);
    };
    const counted = new Proxy(store, {
      get: (target, name) => {
        if (name === 'get') return get;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return { counted, manifests: () => keys.filter((key) => key.includes('/manifests/')).length };
  };

  beforeAll(async () => {
    store = await openStore(lake.freshDir());
    for (const day of DAYS) await commit(day, 'first');
  });

  it('are read from manifests once, then from digests, with the same result', async () => {
    const first = counting();
    const read = await readHeads(first.counted, [table], { ...RANGE, heals: true });
    expect(first.manifests()).toBe(3);
    expect(read.map(({ day, digest }) => [day, Number(digest.token), digest.isShown])).toEqual(
      DAYS.map((day) => [day, 1, true]),
    );
    const second = counting();
    expect(await readHeads(second.counted, [table], RANGE)).toEqual(read);
    expect(second.manifests()).toBe(0);
  });

  it('do not trust a digest that the log has left behind', async () => {
    await commit('2018-10-01', 'second');
    const { counted, manifests } = counting();
    const read = await readHeads(counted, [table], RANGE);
    expect(manifests()).toBe(1);
    expect(read.map(({ digest }) => Number(digest.token))).toEqual([1, 2, 1]);
  });

  it('do without digests that do not parse, and mend them', async () => {
    await store.put(digestsKey('2018-10'), 'torn');
    const first = counting();
    const read = await readHeads(first.counted, [table], { ...RANGE, heals: true });
    expect(first.manifests()).toBe(2);
    const second = counting();
    expect(await readHeads(second.counted, [table], RANGE)).toEqual(read);
    expect(second.manifests()).toBe(0);
  });

  it('of a range leave out other days', async () => {
    const read = await readHeads(store, [table], { from: '2018-10-01', to: '2018-10-01' });
    expect(read.map(({ day }) => day)).toEqual(['2018-10-01']);
  });
});
