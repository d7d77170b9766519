/** Which day a row belongs to, and which rows of other days are inputs of a day (R11, R12). */
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, type DropZone, row, useDropZone } from './drop-zone.ts';

const temp = useTempDir();
const zone = useDropZone(temp.path);

const DAY = '2018-10-01';
const NEXT = '2018-10-02';
const at = (clock: string, day = DAY) => `${day}T${clock}-04:00`;
const users = async (ingested: { inputs: Parameters<DropZone['events']>[0] }) =>
  (await zone.events(ingested.inputs)).map(({ user_id }) => user_id);

describe('days', () => {
  it('get their own rows of a drop that holds several, whatever offset they are written with', async () => {
    await zone.put(
      'all.csv',
      csv(
        row(at('23:59:59'), 'u1'),
        row(at('00:00:00', NEXT), 'u2'),
        row('2018-10-02T01:30:00Z', 'u3'),
        row('2018-10-01T23:30:00-07:00', 'u4'),
      ),
    );
    expect(await users(await zone.ingest(DAY))).toEqual(['u1', 'u4']);
    expect(await users(await zone.ingest(NEXT))).toEqual(['u3', 'u2']);
  });

  it('are those of the report zone when one is given', async () => {
    await zone.put('all.csv', csv(row('2018-10-02T03:59:59.9Z', 'u1'), row('2018-10-02T04:00:00Z', 'u2')));
    const toronto = { report_tz: 'America/Toronto' };
    const first = await zone.ingest(DAY, toronto);
    expect(await users(first)).toEqual(['u1']);
    expect((await zone.events(first.inputs))[0]!.local_ms).toBe(Date.parse('2018-10-01T23:59:59.900Z'));
    expect(await users(await zone.ingest(NEXT, toronto))).toEqual(['u2']);
    expect(await users(await zone.ingest(NEXT))).toEqual(['u1', 'u2']);
    await expect(zone.ingest(DAY, { report_tz: 'Mars/Olympus' })).rejects.toMatchObject({
      code: 'FL_PARAMS_INVALID',
    });
  });

  it('get rejected rows with a timestamp of theirs; others go to the day that most rows of the drop are of', async () => {
    await zone.put(
      'b.csv',
      csv(
        row(at('10:00:00'), ''),
        'garbage',
        row(at('10:00:00', NEXT), 'u1'),
        row(at('10:00:00', NEXT), 'u2'),
      ),
    );
    await zone.put('2018-10-01/only-garbage.csv', csv('garbage'));
    await zone.put(
      '2018-10-01/tie.csv',
      csv(row(at('10:00:00', NEXT), 'u1'), row(at('10:00:00'), 'u2'), 'garbage'),
    );
    const first = await zone.ingest(DAY);
    expect(
      (await zone.rejects(first.inputs)).map(({ source, line, reason }) => [source, line, reason]),
    ).toEqual([
      ['2018-10-01/only-garbage.csv', 2, 'bad_row'],
      ['2018-10-01/tie.csv', 4, 'bad_row'],
      ['b.csv', 2, 'no_user'],
    ]);
    expect(first.inputs.rowsRead).toBe(4);
    const second = await zone.ingest(NEXT);
    expect((await zone.rejects(second.inputs)).map(({ source, line }) => [source, line])).toEqual([
      ['b.csv', 3],
    ]);
  });

  it('without any row are an error that says where the drops are', async () => {
    await zone.put('a.csv', csv(row(at('10:00:00'), 'u1')));
    await expect(zone.ingest('2019-01-01')).rejects.toMatchObject({
      code: 'FL_DROPS_EMPTY',
      message: expect.stringContaining(zone.drops.url),
    });
  });
});

describe('neighbours', () => {
  it('are inputs as far as the horizon reaches, and no further', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1'), row(at('20:00:00'), 'u2')));
    const alone = await zone.ingest(DAY);
    expect(alone.inputs.asOfMs).toBe(Date.parse('2018-10-02T00:00:00Z'));

    await zone.put('next-late.csv', csv(row(at('02:30:00.001', NEXT), 'u3')));
    await zone.put('before.csv', csv(row(at('23:59:59.999', '2018-09-29'), 'u3')));
    expect((await zone.ingest(DAY)).inputs).toEqual(alone.inputs);

    await zone.put('next-early.csv', csv(row(at('02:30:00', NEXT), 'u4'), row(at('09:00:00', NEXT), 'u4')));
    await zone.put('yesterday.csv', csv(row(at('00:00:00', '2018-09-30'), 'u5')));
    const { inputs } = await zone.ingest(DAY);
    expect(inputs.drops.map(({ key }) => key)).toEqual(['d.csv', 'next-early.csv', 'yesterday.csv']);
    expect(new Set(inputs.files.map(({ day }) => day))).toEqual(new Set(['2018-09-30', DAY, NEXT]));
    expect(inputs.rowsRead).toBe(2);
    expect(new Date(inputs.asOfMs!).toISOString()).toBe('2018-10-02T06:30:00.000Z');
  });

  it('are inputs when they may hold the same instants under an earlier local day', async () => {
    await zone.put('d.csv', csv(row('2018-10-01T13:00:00+14:00', 'u1')));
    await zone.put('far.csv', csv(row('2018-09-29T23:30:00-11:00', 'u2')));
    await zone.put('yesterday.csv', csv(row('2018-09-30T00:30:00+14:00', 'u3')));
    const { inputs } = await zone.ingest(DAY);
    expect(inputs.drops.map(({ key }) => key)).toEqual(['d.csv', 'far.csv', 'yesterday.csv']);
    expect(inputs.asOfMs).toBe(Date.parse('2018-09-30T23:00:00Z'));
  });

  it('change the inputs hash only through drops, parameters and code', async () => {
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const plain = await zone.ingest(DAY);
    const other = await zone.ingest(DAY, { inactivity_timeout_s: 60 });
    expect(other.inputs.inputsHash).not.toBe(plain.inputs.inputsHash);
    expect(await zone.keys('stage/batches/')).toHaveLength(1);
  });
});
