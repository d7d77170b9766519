/** Drops that come late or twice, are replaced or deleted, or cannot be read; and processes that stage the same drops at once. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, type DropZone, openDropZone, row, useDropZone } from './drop-zone.ts';
import { stageAlone } from './stage-alone.ts';

const temp = useTempDir();
const zone = useDropZone(temp.path);

const DAY = '2018-10-01';
const NEXT = '2018-10-02';
const at = (clock: string, day = DAY) => `${day}T${clock}-04:00`;
const users = async (ingested: { inputs: Parameters<DropZone['events']>[0] }) =>
  (await zone.events(ingested.inputs)).map(({ user_id }) => user_id);

describe('drops that come and go', () => {
  it('are staged once', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'u1')));
    const first = await zone.ingest(DAY);
    const staged = await zone.keys('stage/');
    const second = await zone.ingest(DAY);
    expect(await zone.keys('stage/')).toEqual(staged);
    expect(second.inputs).toEqual(first.inputs);
    expect(second.inputsKey).toBe(first.inputsKey);
  });

  it('count when they come late, and twice when they come under two names', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'u1')));
    const before = await zone.ingest(DAY);
    await zone.put('late/b.csv', csv(row(at('10:00:00'), 'u1')));
    const after = await zone.ingest(DAY);
    expect(await users(after)).toEqual(['u1', 'u1']);
    expect(after.inputs.inputsHash).not.toBe(before.inputs.inputsHash);
    expect(after.inputs.drops).toHaveLength(2);
  });

  it('that are replaced count as they are now', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'old'), row(at('10:00:00', NEXT), 'old'), 'old garbage'));
    const before = await zone.ingest(DAY);
    expect(before.inputs.rowsRead).toBe(2);
    await zone.put('a.csv', csv(row(at('10:00:00'), 'new')));
    const after = await zone.ingest(DAY);
    expect(await users(after)).toEqual(['new']);
    expect(after.inputs.rejected).toEqual([]);
    await expect(zone.ingest(NEXT)).rejects.toMatchObject({ code: 'FL_DROPS_EMPTY' });
  });

  it('that their producer deletes keep counting, as they were last', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'first')));
    await zone.ingest(DAY);
    await zone.put('a.csv', csv(row(at('10:00:00'), 'last')));
    await zone.ingest(DAY);
    await zone.remove('a.csv');
    await zone.put('b.csv', csv(row(at('10:00:01'), 'b')));
    expect(await users(await zone.ingest(DAY))).toEqual(['last', 'b']);
  });

  it('that were staged together part company when one is replaced, also if another is gone', async () => {
    for (const name of ['a', 'b', 'c']) {
      await zone.put(
        `${name}.csv`,
        csv(row(at('10:00:00'), name), row(at('10:00:00', NEXT), name), `garbage ${name}`),
      );
    }
    await zone.ingest(DAY);
    expect(await zone.keys('stage/batches/')).toHaveLength(1);
    await zone.remove('b.csv');
    await zone.put('c.csv', csv(row(at('10:00:09'), 'new c')));
    const { inputs } = await zone.ingest(DAY);
    expect((await zone.events(inputs)).map(({ user_id }) => user_id)).toEqual(['a', 'b', 'new c']);
    expect((await zone.rejects(inputs)).map(({ raw }) => raw)).toEqual(['garbage a', 'garbage b']);
    expect(inputs.rowsRead).toBe(5);
    expect(inputs.drops.map(({ key }) => key)).toEqual(['a.csv', 'b.csv', 'c.csv']);
    const batches = await zone.keys('stage/batches/');
    expect(await users(await zone.ingest(NEXT))).toEqual(['a', 'b']);
    expect((await zone.ingest(DAY)).inputs).toEqual(inputs);
    expect(await zone.keys('stage/batches/')).toEqual(batches);
  });

  it('may be staged by two processes at once, in different company', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'a')));
    await zone.put('b.csv', csv(row(at('10:00:01'), 'b')));
    const other = await openDropZone(temp.path, { drops: zone.drops, lake: zone.lake });
    await Promise.all([zone.ingest(DAY), other.ingest(DAY), other.ingest(DAY)]);
    expect(await users(await zone.ingest(DAY))).toEqual(['a', 'b']);

    // Another listing, as a process sees it that began before b was there.
    await stageAlone(zone, ['a.csv']);
    expect(await users(await zone.ingest(DAY))).toEqual(['a', 'b']);
  });

  it('whose batch was never finished are staged again', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'a')));
    await zone.ingest(DAY);
    const [batch] = await zone.keys('stage/batches/');
    await zone.lake.delete(batch!);
    expect(await users(await zone.ingest(DAY))).toEqual(['a']);
    expect(await zone.keys('stage/batches/')).toEqual([batch]);
  });

  it('that cannot be decompressed are one rejected row, hold up no other, and count once they are sent again', async () => {
    const whole = gzipSync(csv(...Array.from({ length: 5000 }, (_, i) => row(at('10:00:00'), `u${i}`))));
    await zone.put('2018-10-01/cut.csv.gz', whole.subarray(0, whole.length >> 1));
    await zone.put('2018-10-01/empty.csv.gz', '');
    await zone.put('2018-10-01/no.csv.zst', 'not compressed at all');
    await zone.put('2018-10-01/good.csv', csv(row(at('10:00:00'), 'good')));
    const { inputs } = await zone.ingest(DAY);
    expect((await zone.events(inputs)).map(({ user_id }) => user_id)).toEqual(['good']);
    const rejects = await zone.rejects(inputs);
    expect(rejects.map(({ source, reason, raw }) => [source, reason, raw])).toEqual([
      ['2018-10-01/cut.csv.gz', 'unreadable_drop', null],
      ['2018-10-01/empty.csv.gz', 'unreadable_drop', null],
      ['2018-10-01/no.csv.zst', 'unreadable_drop', null],
    ]);
    expect(rejects[0]!.detail).toMatch(
      /^cannot be decompressed \(gzip\): unexpected end of file, after \d+ bytes of text/,
    );
    await zone.put('2018-10-01/cut.csv.gz', whole);
    const mended = await zone.ingest(DAY);
    expect(mended.inputs.rowsRead).toBe(5003);
  });
});
