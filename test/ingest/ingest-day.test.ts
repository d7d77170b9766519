/** A day's drops on their way to pinned inputs: formats, days, late and replaced drops. */
import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { PUBLISHED_TABLES } from '../../tasks/tables.ts';
import { describeWith } from '../support/requirement.ts';
import { realDay, sharedFile } from '../support/shared-data.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, type DropZone, openDropZone, row } from './drop-zone.ts';
import { stageAlone } from './stage-alone.ts';

const temp = useTempDir();
let zone: DropZone;
const open = async () => {
  zone = await openDropZone(temp.path);
  return zone;
};
afterEach(() => zone?.close());

const DAY = '2018-10-01';
const NEXT = '2018-10-02';
const at = (clock: string, day = DAY) => `${day}T${clock}-04:00`;
const users = async (ingested: { inputs: Parameters<DropZone['events']>[0] }) =>
  (await zone.events(ingested.inputs)).map(({ user_id }) => user_id);

describe('formats', () => {
  const events = [
    {
      timestamp: at('10:00:00.250'),
      user_id: 'u1',
      event: 'flyer_open',
      flyer_id: '1',
      merchant_id: '9',
      seq: '4',
    },
    {
      timestamp: at('10:00:05'),
      user_id: 'é,"2"',
      event: ' Item_Open',
      flyer_id: '%3Cnull%3G',
      merchant_id: '',
    },
    {
      timestamp: '2018-10-01T23:10:00Z',
      user_id: 'u3',
      event: 'list_flyers',
      flyer_id: '',
      merchant_id: '<null>',
    },
    { timestamp: 'garbage', user_id: 'u4', event: 'favorite', flyer_id: '', merchant_id: '' },
    { timestamp: at('10:00:06'), user_id: 'nil', event: 'favorite', flyer_id: '', merchant_id: '' },
  ];
  const names = ['timestamp', 'user_id', 'event', 'flyer_id', 'merchant_id', 'seq'] as const;
  const values = events.map((event) => names.map((name) => (event as Record<string, string>)[name] ?? ''));
  const escapeXml = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  const TEXTS = {
    csv: [
      names.join(','),
      ...values.map((fields) => fields.map((f) => `"${f.replaceAll('"', '""')}"`).join(',')),
    ].join('\r\n'),
    ndjson: events.map((event) => JSON.stringify(event)).join('\n'),
    jsonl: events.map((event) => JSON.stringify(event)).join('\n'),
    json: JSON.stringify({ events }, null, 2),
    xml: `<events>${values
      .map((fields) => `<event ${fields.map((f, i) => `${names[i]}="${escapeXml(f)}"`).join(' ')}/>`)
      .join('\n')}</events>`,
  };
  const CODECS = {
    '': (text: string) => Buffer.from(text),
    '.gz': (text: string) => gzipSync(text),
    '.zst': (text: string) => zstdCompressSync(text),
    // What `cat a.zst b.zst` makes: both frames count.
    '.ZST': (text: string) =>
      Buffer.concat([zstdCompressSync(text.slice(0, 40)), zstdCompressSync(text.slice(40))]),
  };

  it('all give the same rows, compressed or not', async () => {
    await open();
    let first: unknown;
    for (const [format, text] of Object.entries(TEXTS)) {
      for (const [extension, encode] of Object.entries(CODECS)) {
        const key = `${DAY}/only.${format}${extension}`;
        await zone.put(key, encode(text));
        const { inputs } = await zone.ingest(DAY);
        const found = {
          read: inputs.rowsRead,
          // Null and the empty text both say that there is no id.
          events: (await zone.events(inputs)).map(({ line: _, ...event }) => ({
            ...event,
            flyer_id: event.flyer_id || null,
            merchant_id: event.merchant_id || null,
          })),
          rejects: (await zone.rejects(inputs)).map(({ reason, detail }) => [reason, detail]),
        };
        expect(found.events, key).toHaveLength(3);
        first ??= found;
        expect(found, key).toEqual(first);
        await zone.close();
        await open();
      }
    }
  });

  it('are told by names; hidden files and those of other kinds are no drops', async () => {
    await open();
    const text = csv(row(at('10:00:00'), 'u1'));
    for (const key of [
      'a.csv',
      'b/C.CSV',
      '.hidden/a.csv',
      '_tmp/a.csv',
      'b/_SUCCESS',
      'c.csv.part',
      'd.txt',
      'e/.f.csv',
    ]) {
      await zone.put(key, text);
    }
    const { inputs } = await zone.ingest(DAY);
    expect(inputs.drops.map(({ key }) => key)).toEqual(['a.csv', 'b/C.CSV']);
  });
});

describe('days', () => {
  it('get their own rows of a drop that holds several, whatever offset they are written with', async () => {
    await open();
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
    await open();
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
    await open();
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
    await open();
    await zone.put('a.csv', csv(row(at('10:00:00'), 'u1')));
    await expect(zone.ingest('2019-01-01')).rejects.toMatchObject({
      code: 'FL_DROPS_EMPTY',
      message: expect.stringContaining(zone.drops.url),
    });
  });
});

describe('drops that come and go', () => {
  it('are staged once', async () => {
    await open();
    await zone.put('a.csv', csv(row(at('10:00:00'), 'u1')));
    const first = await zone.ingest(DAY);
    const staged = await zone.keys('stage/');
    const second = await zone.ingest(DAY);
    expect(await zone.keys('stage/')).toEqual(staged);
    expect(second.inputs).toEqual(first.inputs);
    expect(second.inputsKey).toBe(first.inputsKey);
  });

  it('count when they come late, and twice when they come under two names', async () => {
    await open();
    await zone.put('a.csv', csv(row(at('10:00:00'), 'u1')));
    const before = await zone.ingest(DAY);
    await zone.put('late/b.csv', csv(row(at('10:00:00'), 'u1')));
    const after = await zone.ingest(DAY);
    expect(await users(after)).toEqual(['u1', 'u1']);
    expect(after.inputs.inputsHash).not.toBe(before.inputs.inputsHash);
    expect(after.inputs.drops).toHaveLength(2);
  });

  it('that are replaced count as they are now', async () => {
    await open();
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
    await open();
    await zone.put('a.csv', csv(row(at('10:00:00'), 'first')));
    await zone.ingest(DAY);
    await zone.put('a.csv', csv(row(at('10:00:00'), 'last')));
    await zone.ingest(DAY);
    await zone.remove('a.csv');
    await zone.put('b.csv', csv(row(at('10:00:01'), 'b')));
    expect(await users(await zone.ingest(DAY))).toEqual(['last', 'b']);
  });

  it('that were staged together part company when one is replaced, also if another is gone', async () => {
    await open();
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
    await open();
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
    await open();
    await zone.put('a.csv', csv(row(at('10:00:00'), 'a')));
    await zone.ingest(DAY);
    const [batch] = await zone.keys('stage/batches/');
    await zone.lake.delete(batch!);
    expect(await users(await zone.ingest(DAY))).toEqual(['a']);
    expect(await zone.keys('stage/batches/')).toEqual([batch]);
  });

  it('that cannot be decompressed are one rejected row, hold up no other, and count once they are sent again', async () => {
    await open();
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

describe('neighbours', () => {
  it('are inputs as far as the horizon reaches, and no further', async () => {
    await open();
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
    await open();
    await zone.put('d.csv', csv(row('2018-10-01T13:00:00+14:00', 'u1')));
    await zone.put('far.csv', csv(row('2018-09-29T23:30:00-11:00', 'u2')));
    await zone.put('yesterday.csv', csv(row('2018-09-30T00:30:00+14:00', 'u3')));
    const { inputs } = await zone.ingest(DAY);
    expect(inputs.drops.map(({ key }) => key)).toEqual(['d.csv', 'far.csv', 'yesterday.csv']);
    expect(inputs.asOfMs).toBe(Date.parse('2018-09-30T23:00:00Z'));
  });

  it('change the inputs hash only through drops, parameters and code', async () => {
    await open();
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const plain = await zone.ingest(DAY);
    const other = await zone.ingest(DAY, { inactivity_timeout_s: 60 });
    expect(other.inputs.inputsHash).not.toBe(plain.inputs.inputsHash);
    expect(await zone.keys('stage/batches/')).toHaveLength(1);
  });
});

describe('what a run passes on', () => {
  it('are claims of every table and a reference per bucket', async () => {
    await open();
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const { refs, inputsKey, isUpToDate } = await zone.ingest(DAY, {}, { tables: PUBLISHED_TABLES });
    expect(isUpToDate).toBe(false);
    expect(refs).toHaveLength(1);
    expect(refs[0]).toMatchObject({ inputsKey, day: DAY, bucket: 0, buckets: 1 });
    expect(Object.keys(refs[0]!.tokens).sort()).toEqual(PUBLISHED_TABLES.map(({ name }) => name).sort());
    expect(refs[0]!.tokens.user_day).toBe('00000000000000000001');
  });

  it('stops when it is told to, leaving nothing that counts', async () => {
    await open();
    await zone.put('d.csv', csv(row(at('10:00:00'), 'u1')));
    const stopped = AbortSignal.abort(new Error('stop'));
    await expect(zone.ingest(DAY, {}, { signal: stopped })).rejects.toThrow('stop');
    expect(await zone.keys('stage/batches/')).toEqual([]);
  });
});

it('stages many small drops in few files', async () => {
  await open();
  for (let hour = 0; hour < 300; hour++) {
    const rows = Array.from({ length: 5 }, (_, i) => row(at('10:00:00'), `u${hour}-${i}`));
    await zone.put(`2018-10-01/${hour}.csv`, csv(...rows, ...(hour % 100 === 0 ? ['garbage'] : [])));
  }
  const { inputs } = await zone.ingest(DAY);
  expect(inputs.files).toHaveLength(1);
  expect(inputs.rowsRead).toBe(1503);
  const rejects = await zone.rejects(inputs);
  expect(rejects.map(({ source, line }) => [source, line])).toEqual([
    ['2018-10-01/0.csv', 7],
    ['2018-10-01/100.csv', 7],
    ['2018-10-01/200.csv', 7],
  ]);
  expect(new Set((await zone.events(inputs)).map(({ line }) => line))).toEqual(new Set([2, 3, 4, 5, 6]));
});

const cases = sharedFile('dwell/cases.json');
describeWith(cases, 'the first example of the definition', () => {
  it('gives the reasons of its rejected rows', async () => {
    await open();
    const [{ input, dq }] = JSON.parse(readFileSync(cases.path, 'utf8'));
    await zone.put('case.csv', csv(...input.map((fields: string[]) => fields.join(','))));
    const { inputs } = await zone.ingest(DAY);
    const counts = { bad_row: 0, no_user: 0, unknown_event: 0 };
    for (const { reason } of await zone.rejects(inputs)) counts[reason as keyof typeof counts] += 1;
    expect(inputs.rowsRead).toBe(dq.rows_read);
    expect(counts).toEqual({
      bad_row: dq.rows_quarantined_bad_row,
      no_user: dq.rows_quarantined_no_user,
      unknown_event: dq.rows_quarantined_unknown_event,
    });
  });
});

describeWith(realDay, 'the real day', () => {
  it('is read whole: 20,723 rows, none rejected', async () => {
    await open();
    await zone.put('flyer-events-2018-10-01.csv', readFileSync(realDay.path));
    const { inputs } = await zone.ingest(DAY);
    expect(inputs).toMatchObject({ rowsRead: 20_723, buckets: 1, rejected: [] });
    expect(inputs.files.map(({ day, rowCount }) => [day, rowCount])).toEqual([[DAY, 20_723]]);
  });
});
