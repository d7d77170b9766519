/** All formats and compressions of a drop, from the drop store to staged rows; the real day and the definition's example among them. */
import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../lake/open-store.ts';
import { describeWith } from '../support/requirement.ts';
import { realDay, sharedFile } from '../support/shared-data.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, openDropZone, row, useDropZone } from './drop-zone.ts';

const temp = useTempDir();
const zone = useDropZone(temp.path);

const DAY = '2018-10-01';
const at = (clock: string) => `${DAY}T${clock}-04:00`;

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
    let first: unknown;
    for (const [format, text] of Object.entries(TEXTS)) {
      for (const [extension, encode] of Object.entries(CODECS)) {
        const zone = await openDropZone(temp.path);
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
      }
    }
  });

  it('are told by names; hidden files and those of other kinds are no drops', async () => {
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

describe('a lake among the drops', () => {
  it.each(['', '/lake'])('at <drops>%s is not read as drops', async (below) => {
    const lake = await openStore(`${zone.dropsDir}${below}`);
    const shared = await openDropZone(temp.path, { drops: zone.drops, lake });
    await zone.put(`${DAY}.csv`, csv(row(at('10:00:00'), 'u1')));
    await lake.put('current/csv/user_day/dt=2018-10-01/user_day.csv', 'user_id,day\nu1,2018-10-01\n');
    const first = await shared.ingest(DAY);
    expect(first.inputs.drops.map(({ key }) => key)).toEqual([`${DAY}.csv`]);
    expect((await shared.ingest(DAY)).inputs).toEqual(first.inputs);
  });
});

it('stages many small drops in few files', async () => {
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
    await zone.put('flyer-events-2018-10-01.csv', readFileSync(realDay.path));
    const { inputs } = await zone.ingest(DAY);
    expect(inputs).toMatchObject({ rowsRead: 20_723, buckets: 1, rejected: [] });
    expect(inputs.files.map(({ day, rowCount }) => [day, rowCount])).toEqual([[DAY, 20_723]]);
  });
});
