/** What DuckDB reads and judges by the million is, row for row, what the tolerant parsers read one by one. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { DropFormat } from '../../tasks/ingest/read/drops.ts';
import { describeWith } from '../support/requirement.ts';
import { realDay } from '../support/shared-data.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { type StageTextOptions, TextStager } from './stage-text.ts';

const temp = useTempDir();
const stager = new TextStager(temp.path);
afterAll(() => stager.close());

async function expectSame(text: string | Buffer, format: DropFormat, pieceBytes: number): Promise<void> {
  const stage = (options: StageTextOptions) => stager.stage(text, { format, pieceBytes, ...options });
  const fast = await stage({ sourceBytes: 100 });
  const slow = await stage({ isSlow: true });
  expect(fast.events).toEqual(slow.events);
  expect(fast.rejects).toEqual(slow.rejects);
}

const mutated = (texts: readonly string[], alphabet: string) =>
  fc
    .tuple(
      fc.constantFrom(...texts),
      fc.array(
        fc.tuple(fc.nat(40), fc.constantFrom('replace', 'insert', 'delete'), fc.constantFrom(...alphabet)),
        { maxLength: 2 },
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((result, [at, edit, character]) => {
        const place = at % (result.length + 1);
        const tail = result.slice(edit === 'insert' ? place : place + 1);
        return result.slice(0, place) + (edit === 'delete' ? '' : character) + tail;
      }, text),
    );

const timestamp = mutated(
  [
    '2018-10-01T13:54:59-04:00',
    '2018-10-01T13:54:59+05:45',
    '2018-10-01T03:54:59Z',
    '2018-10-01T23:59:59.123456-04:00',
    '2018-10-01T23:59:59.9996Z',
    '2020-02-29T00:00:00.1+18:00',
    '1971-01-01T00:00:00+12:00',
    '9998-12-31T23:59:59.999-11:00',
    '2018-10-01T24:00:00Z',
    '2018-10-01T23:59:60-04:00',
    '2018-10-01',
    'infinity',
    '',
  ],
  '0123456789:-+.TZ zé٣eBC',
);
const user = mutated(
  [
    'u1',
    'a'.repeat(64),
    'null',
    '%3Cnull%3G',
    '<undefined>',
    ' u 2\t',
    'e.x@y.z',
    '12.50',
    '1e5',
    'nan',
    '\\N',
    '',
  ],
  ' \u00a0<>%3NlL.e-{"\'\\é',
);
const eventName = mutated(
  ['flyer_open', 'ITEM_OPEN ', 'favorite', 'checkout', 'page_ping', 'Chec\u212aout', 'list_flyers'],
  ' _AZ\u212a',
);
const id = mutated(
  ['2016315', '', 'null', '7.0', '1E3', '-0', 'ab-c_d', '{"a": 1}', '[1]', 'true'],
  '0.e-{ ',
);
const received = fc.oneof(timestamp, fc.constantFrom('2018-10-01T17:55:00Z', '2018-10-09T17:55:00Z', ''));
const seq = fc.constantFrom(
  '1',
  '-5',
  '007',
  '3.0',
  '1e3',
  '',
  ' 8 ',
  '123456789012345678',
  '1234567890123456789',
  'x',
);
const row = fc.tuple(timestamp, user, eventName, id, id, id, seq, received);
const NAMES = ['timestamp', 'user_id', 'event', 'flyer_id', 'merchant_id', 'event_id', 'seq', 'received_at'];

const csvField = (text: string, isQuoted: boolean) =>
  isQuoted || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const csvRow = fc
  .tuple(row, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }))
  .map(([fields, quoted]) => fields.map((field, index) => csvField(field, quoted[index]!)).join(','));
const plainRow = row.map((fields) => fields.map((field) => field.replace(/["\n\r,]/g, '')).join(','));
const dirtyRow = fc.oneof(
  fc.constantFrom(
    '',
    'garbage',
    ',,,,,,,',
    ',,,,,,,,,,,,,,,,',
    '"',
    '"a',
    'a"b,"c',
    '""""',
    '"a"b,c',
    ' "x",y',
  ),
  plainRow.map((text) => text.replace(',', ',"')),
  plainRow.map((text) => `${text},more`),
  plainRow.map((text) => text.slice(0, 30)),
  plainRow.map((text) => text.replace('2', '2\r')),
);
const csvDocument = (...rows: fc.Arbitrary<string>[]) =>
  fc
    .tuple(fc.array(fc.oneof(...rows), { maxLength: 25 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(
      ([lines, lineEnd, isClosed]) => [NAMES.join(','), ...lines].join(lineEnd) + (isClosed ? lineEnd : ''),
    );
const pieceBytes = fc.constantFrom(400, 1000, 100_000);

const jsonValue = (text: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 6, arbitrary: text.map((value) => JSON.stringify(value)) },
    fc.constantFrom(
      'null',
      '1',
      '-0',
      '1.0',
      '1e5',
      '1E+2',
      '0.1',
      '12345678901234567890',
      'true',
      'NaN',
      '-Infinity',
    ),
    fc.constantFrom(
      '{"a":[1,{"b":2}]}',
      '[]',
      '"\\u00e9\\ud83d\\ude00"',
      '"\\ud83d"',
      '01',
      '+1',
      '.5',
      "'x'",
      '"\t"',
      'nul',
    ),
  );
const jsonRow = fc
  .tuple(...[timestamp, user, eventName, id, id, id, seq, received].map(jsonValue), fc.nat(60), fc.boolean())
  .map((parts) => {
    const values = parts.slice(0, 8) as string[];
    const [cut, isSpaced] = parts.slice(8) as unknown as [number, boolean];
    const members = NAMES.map((name, index) => `"${name}":${isSpaced ? ' ' : ''}${values[index]}`);
    if (cut === 1) members.push('"user_id":"second"');
    const text = `{${members.join(isSpaced ? ' , ' : ',')}${cut === 2 ? ',' : ''}}`;
    if (cut === 3) return text.slice(0, 50);
    if (cut === 4) return `${text} x`;
    if (cut === 5) return `[${text}]`;
    if (cut === 6) return '';
    return cut === 7 ? `${text}${text}` : text;
  });

describe('the fast path equals the slow one', () => {
  it('on plain and quoted CSV with odd values', async () => {
    await fc.assert(
      fc.asyncProperty(csvDocument(plainRow), pieceBytes, (text, bytes) => expectSame(text, 'csv', bytes)),
      { numRuns: 40 },
    );
    await fc.assert(
      fc.asyncProperty(csvDocument(csvRow, plainRow), pieceBytes, (text, bytes) =>
        expectSame(text, 'csv', bytes),
      ),
      { numRuns: 40 },
    );
  });

  it('on dirty CSV', async () => {
    await fc.assert(
      fc.asyncProperty(csvDocument(plainRow, plainRow, csvRow, dirtyRow), pieceBytes, (text, bytes) =>
        expectSame(text, 'csv', bytes),
      ),
      { numRuns: 60 },
    );
  });

  it('on dirty NDJSON', async () => {
    const document = fc
      .tuple(fc.array(jsonRow, { maxLength: 25 }), fc.constantFrom('\n', '\r\n'))
      .map(([lines, lineEnd]) => lines.join(lineEnd));
    await fc.assert(
      fc.asyncProperty(document, pieceBytes, (text, bytes) => expectSame(text, 'ndjson', bytes)),
      { numRuns: 60 },
    );
  });
});

describeWith(realDay, 'the real day', () => {
  it('goes the fast way, and comes to the same the slow way', async () => {
    const text = readFileSync(realDay.path);
    const fast = await stager.stage(text);
    expect(fast).toMatchObject({ fastCount: 20_723, rejects: [] });
    const slow = await stager.stage(text, { isSlow: true });
    expect(slow.fastCount).toBe(0);
    expect(slow.events).toEqual(fast.events);
  });
});
