/** The feed as readers use it: what changed since they last looked, why, and by how much. */
import { describe, expect, it } from 'vitest';
import { updateCatalog } from '../../lake/catalog.ts';
import { formatPosition, parsePosition, readChanges } from '../../lake/changes.ts';
import { restatementsKey } from '../../lake/lake-keys.ts';
import type { Manifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { restatementReason } from '../../lake/restatement-reason.ts';
import { appendRestatement } from '../../lake/restatements.ts';
import { rollbackPartition } from '../../lake/rollback.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleManifest, sampleTable } from './sample-publish.ts';

const [FIRST, SECOND] = ['2018-10-01', '2018-10-02'] as const;
const lake = useSampleLake();

async function publish(store: ObjectStore, day: string, rowCount: number) {
  const commit = await lake.commit(store, { day, rowCount });
  await lake.export(store, day);
  return commit;
}

const manifest = (more: Partial<Manifest> = {}): Manifest => ({
  ...sampleManifest(FIRST, '1'.padStart(20, '0'), []),
  ...more,
});

describe('a reader of the feed', () => {
  it('gets what is new since its position, and the position to ask with next', async () => {
    const store = await openStore(lake.freshDir());
    expect(await readChanges(store, ['sample'])).toEqual({ position: { sample: 0 }, changes: [] });
    await publish(store, FIRST, 10);
    await publish(store, SECOND, 20);
    const first = await readChanges(store, ['sample']);
    expect(first.position).toEqual({ sample: 2 });
    expect(first.changes.map(({ seq, day, kind }) => `${seq} ${day} ${kind}`)).toEqual([
      `1 ${FIRST} published`,
      `2 ${SECOND} published`,
    ]);
    await publish(store, FIRST, 12);
    const second = await readChanges(store, ['sample'], first.position);
    expect(second.position).toEqual({ sample: 3 });
    expect(second.changes).toMatchObject([
      {
        ...{ seq: 3, day: FIRST, kind: 'restated', version: 2, previousVersion: 0 },
        ...{ rowCount: 12, previousRowCount: 10, deltas: { rows: 2 }, reason: 'computed again' },
      },
    ]);
    expect((await readChanges(store, ['sample'], second.position)).changes).toEqual([]);
    // Asked again with what it had before: at least once.
    expect(await readChanges(store, ['sample'], first.position)).toEqual(second);
  });

  it('may ask for a time instead', async () => {
    const store = await openStore(lake.freshDir());
    await publish(store, FIRST, 10);
    await publish(store, FIRST, 11);
    const { changes } = await readChanges(store, ['sample']);
    const timeMs = Date.parse(changes[1]!.at);
    expect((await readChanges(store, ['sample'], { timeMs })).changes).toEqual([changes[1]]);
    expect((await readChanges(store, ['sample'], { timeMs: timeMs + 1 })).changes).toEqual([]);
  });

  it('is told when its position is of another lake', async () => {
    const store = await openStore(lake.freshDir());
    await publish(store, FIRST, 10);
    await expect(readChanges(store, ['sample'], { sample: 2 })).rejects.toMatchObject({ code: 'FL_USAGE' });
  });

  it('finds no version that falls, and no gap, when days are told of out of order', async () => {
    const store = await openStore(lake.freshDir());
    const [a, b] = [
      await lake.commit(store, { day: FIRST, rowCount: 1 }),
      await lake.commit(store, { day: SECOND, rowCount: 2 }),
    ];
    const line = ({ token, files }: typeof a, day: string) => sampleManifest(day, token, files);
    await appendRestatement(store, line(b, SECOND), b.version);
    await appendRestatement(store, line(a, FIRST), a.version);
    const { changes } = await readChanges(store, ['sample']);
    expect(changes.map(({ seq, day, version }) => [seq, day, version])).toEqual([
      [1, SECOND, 1],
      [2, FIRST, 1],
    ]);
  });

  it('sees a rollback as a restatement, with the reason that was given', async () => {
    const store = await openStore(lake.freshDir());
    await publish(store, FIRST, 10);
    await publish(store, FIRST, 3);
    await rollbackPartition(store, 'sample', { day: FIRST, toVersion: 0, reason: 'a bad drop' });
    await lake.export(store, FIRST);
    const { changes } = await readChanges(store, ['sample'], { sample: 2 });
    expect(changes).toMatchObject([
      { reason: 'a bad drop', deltas: { rows: 7 }, previousVersion: 1, version: 2 },
    ]);
  });

  it('reads lines that earlier versions of the program wrote', async () => {
    const store = await openStore(lake.freshDir());
    const { token } = await publish(store, FIRST, 10);
    const { body } = await store.get(restatementsKey('sample'));
    const {
      seq: _1,
      previousVersion: _2,
      previousStats: _3,
      deltas: _4,
      ...old
    } = JSON.parse(body.toString());
    await store.put(restatementsKey('sample'), `${JSON.stringify(old)}\n`);
    await publish(store, FIRST, 11);
    await updateCatalog(store, [sampleTable], FIRST);
    const { changes } = await readChanges(store, ['sample']);
    expect(changes).toMatchObject([
      { seq: 1, token, previousVersion: null, deltas: null },
      { seq: 2, previousToken: token, previousVersion: 0, deltas: { rows: 1 } },
    ]);
  });
});

describe('a position as text', () => {
  it('is read back as it was written', () => {
    const position = { user_day: 9, merchant_day: 12 };
    expect(formatPosition(position)).toBe('merchant_day=12,user_day=9');
    expect(parsePosition('merchant_day=12, user_day=9', ['user_day', 'merchant_day'])).toEqual(position);
    expect(parsePosition('2018-10-05', ['user_day'])).toBeUndefined();
    expect(() => parsePosition('nothing=1', ['user_day'])).toThrow(/nothing/);
  });
});

describe('the reason of a restatement', () => {
  const input = (key: string, etag = 'e') => ({ key, etag, size: 1 });

  it.each<[string, Partial<Manifest>, Partial<Manifest>]>([
    ['1 drop arrived (b.csv)', { inputs: [input('a.csv')] }, { inputs: [input('a.csv'), input('b.csv')] }],
    ['1 drop replaced (a.csv)', { inputs: [input('a.csv')] }, { inputs: [input('a.csv', 'f')] }],
    ['1 drop no longer counted (a.csv)', { inputs: [input('a.csv')] }, { inputs: [] }],
    ['4 drops arrived (a, b, c and 1 more)', {}, { inputs: ['a', 'b', 'c', 'd'].map((key) => input(key)) }],
    [
      'inactivity_timeout_s 1800 → 900',
      { params: { inactivity_timeout_s: 1800, k: 1 } },
      { params: { inactivity_timeout_s: 900, k: 1 } },
    ],
    ['the definition is 2, not 1', { definitionVersion: '1' }, { definitionVersion: '2' }],
    ['the code is c2, not c1', { codeVersion: 'c1' }, { codeVersion: 'c2' }],
    ['1 drop arrived (b)', { codeVersion: 'c1' }, { codeVersion: 'c2', inputs: [input('b')] }],
    [
      '1 partition that it is made from changed (sample 2018-09-30)',
      { partitions: [{ table: 'sample', day: '2018-09-30', token: '1', contentHash: 'a' }] },
      { partitions: [{ table: 'sample', day: '2018-09-30', token: '2', contentHash: 'b' }] },
    ],
    ['computed again', {}, {}],
    ['because', {}, { reason: 'because', inputs: [input('b')] }],
  ])('%s', (reason, before, after) => {
    expect(restatementReason(manifest(before), manifest(after))).toBe(reason);
  });
});
