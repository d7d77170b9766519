/** CSV drops: quotes, headers, line ends and broken lines, on the fast path and on the tolerant one. */
import { afterAll, describe, expect, it } from 'vitest';
import { useTempDir } from '../support/temp-dir.ts';
import { type StagedText, TextStager } from './stage-text.ts';

const temp = useTempDir();
const stager = new TextStager(temp.path);
afterAll(() => stager.close());

const HEADER = 'timestamp,user_id,event,flyer_id,merchant_id';
const GOOD = '2018-10-01T10:00:00-04:00,u1,flyer_open,1,9';
const at = (second: number) => `2018-10-01T10:00:${String(second).padStart(2, '0')}-04:00`;

const lines = ({ rejects }: StagedText) => rejects.map(({ line, reason }) => [line, reason]);
const users = ({ events }: StagedText) => events.map(({ line, user_id }) => [line, user_id]);

describe.each([
  { path: 'what DuckDB reads', isSlow: false },
  { path: 'what the tolerant parser reads', isSlow: true },
])('CSV, $path', ({ isSlow }) => {
  const stage = (text: string | Buffer, pieceBytes?: number) =>
    stager.stage(text, { isSlow, ...(pieceBytes && { pieceBytes }) });

  it('takes the columns in any order and ignores unknown ones', async () => {
    const staged = await stage(
      `note,MERCHANT_ID,event, User_Id ,timestamp,flyer_id\nx,9,flyer_open,u1,2018-10-01T10:00:00.25-04:00,1\n`,
    );
    expect(staged.rejects).toEqual([]);
    expect(staged.events).toEqual([
      {
        line: 2,
        instant_ms: Date.parse('2018-10-01T14:00:00.250Z'),
        local_ms: Date.parse('2018-10-01T10:00:00.250Z'),
        user_id: 'u1',
        event: 2,
        flyer_id: '1',
        merchant_id: '9',
        event_id: null,
        seq: null,
        received_ms: null,
      },
    ]);
  });

  it('reads CRLF, a byte order mark and a last line without an end', async () => {
    const staged = await stage(`\ufeff${HEADER}\r\n${GOOD}\r\n${GOOD.replace('u1', 'u2')}`);
    expect(users(staged)).toEqual([
      [2, 'u1'],
      [3, 'u2'],
    ]);
    expect(staged.events.map((row) => row.merchant_id)).toEqual(['9', '9']);
    expect(staged.rejects).toEqual([]);
  });

  it('reads quoted fields, with commas, doubled quotes and line feeds inside', async () => {
    const staged = await stage(
      `${HEADER}\n"${at(0)}","u,1","flyer_open","1","9"\n${at(1)},"u""2",flyer_open,,""\n${at(2)},"u\n3",favorite,1,9\n${GOOD}\n`,
    );
    expect(users(staged)).toEqual([
      [2, 'u,1'],
      [3, 'u"2'],
      [4, 'u\n3'],
      [6, 'u1'],
    ]);
    expect(staged.rejects).toEqual([]);
  });

  it('rejects only the record whose quote is never closed', async () => {
    const staged = await stage(
      `${HEADER}\n${GOOD}\n${at(1)},"u2,flyer_open,1,9\n${GOOD.replace('u1', 'u3')}\n${at(2)},"u4",flyer_open,1,9\n${GOOD}\n`,
    );
    expect(users(staged)).toEqual([
      [2, 'u1'],
      [4, 'u3'],
      [5, 'u4'],
      [6, 'u1'],
    ]);
    expect(lines(staged)).toEqual([[3, 'bad_row']]);
    expect(staged.rejects[0]!.detail).toBe('has a quote that is never closed');
    expect(staged.rejects[0]!.raw).toBe(`${at(1)},"u2,flyer_open,1,9`);
  });

  it('rejects a record with other fields than the header, whatever the number', async () => {
    const rows = ['a,b', `${GOOD},`, `${GOOD},,,,,,,,,,`, `${GOOD.slice(0, -2)}`, 'x', GOOD];
    const staged = await stage(`${HEADER}\n${rows.join('\n')}\n`);
    expect(lines(staged)).toEqual([2, 3, 4, 5, 6].map((line) => [line, 'bad_row']));
    expect(staged.rejects[0]!.detail).toBe('has 2 fields where the header has 5');
    expect(users(staged)).toEqual([[7, 'u1']]);
  });

  it('does not count lines without any character', async () => {
    const staged = await stage(`\n${HEADER}\n\n${GOOD}\n\n\n${GOOD}\n\n`);
    expect(users(staged)).toEqual([
      [4, 'u1'],
      [7, 'u1'],
    ]);
    expect(staged.rejects).toEqual([]);
  });

  it('rejects lines that are no text', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}\n${GOOD}\n2018-10-01T10:00:00-04:00,u`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`,flyer_open,1,9\n2018-10-01T10:00:00-04:00,u\0,flyer_open,1,9\n${GOOD}\n`),
    ]);
    const staged = await stage(bytes);
    expect(lines(staged)).toEqual([
      [3, 'bad_row'],
      [4, 'bad_row'],
    ]);
    expect(staged.rejects.map(({ detail }) => detail)).toEqual(['is not UTF-8', 'has a NUL character']);
    expect(users(staged)).toHaveLength(2);
  });

  it('rejects every line of a drop whose header lacks a column', async () => {
    const staged = await stage(`timestamp,event,flyer_id,merchant_id\n${GOOD}\n${GOOD}\n`);
    expect(staged.events).toEqual([]);
    expect(lines(staged)).toEqual([1, 2, 3].map((line) => [line, 'bad_row']));
    expect(staged.rejects[0]!.detail).toBe('cannot be read: line 1, the header, has no column user_id');
  });

  it('finds nothing in an empty drop, and in one with a header only', async () => {
    for (const text of ['', '\n\n', HEADER, `${HEADER}\n`]) {
      expect(await stage(text)).toEqual({ events: [], rejects: [], fastCount: 0 });
    }
  });

  it('numbers lines over pieces, and lets no quote reach over more than its record', async () => {
    const rows = Array.from({ length: 300 }, (_, i) =>
      i % 50 === 7
        ? `${at(1)},"open${i},flyer_open,1,9`
        : i % 50 === 9
          ? 'broken'
          : GOOD.replace('u1', `u${i}`),
    );
    const staged = await stage(`${HEADER}\n${rows.join('\n')}\n`, 1000);
    expect(staged.events).toHaveLength(288);
    for (const { line, user_id } of staged.events) expect(user_id).toBe(`u${line - 2}`);
    expect(staged.rejects.map(({ line }) => (line - 2) % 50)).toEqual([7, 9, 7, 9, 7, 9, 7, 9, 7, 9, 7, 9]);
  });

  it('rejects a line that is too long and goes on behind it', async () => {
    const staged = await stage(`${HEADER}\n${GOOD}\n${'x'.repeat(5000)}\n${GOOD}\n`, 1000);
    expect(lines(staged)).toEqual([[3, 'bad_row']]);
    expect(staged.rejects[0]!.raw!.length).toBeLessThanOrEqual(4096);
    expect(users(staged)).toEqual([
      [2, 'u1'],
      [4, 'u1'],
    ]);
  });

  it('takes optional columns, and what is none of their values for unknown', async () => {
    const staged = await stage(
      `${HEADER},event_id,seq,received_at\n${GOOD}, e1 ,17,2018-10-01T14:00:01Z\n${GOOD},<null>,1.5,yesterday\n`,
    );
    expect(staged.rejects).toEqual([]);
    expect(staged.events.map(({ event_id, seq, received_ms }) => [event_id, seq, received_ms])).toEqual([
      ['e1', 17, Date.parse('2018-10-01T14:00:01Z')],
      [null, null, null],
    ]);
  });

  it('rejects for the first reason that applies', async () => {
    const rows = [
      'garbage,,page_ping,1,9,',
      `${at(0)},%3Cnull%3G,page_ping,1,9,`,
      `${at(0)},u1,page_ping,1,9,`,
      `${at(0)},u1,favorite,1,9,2018-10-01T13:54:59Z`,
      `${at(0)},u1,favorite,1,9,2018-10-08T14:00:01Z`,
      `${at(0)},u1,favorite,1,9,2018-10-01T13:55:00Z`,
      `${at(0)},u1,favorite,1,9,2018-10-08T14:00:00Z`,
    ];
    const staged = await stage(`${HEADER},received_at\n${rows.join('\n')}\n`);
    expect(lines(staged)).toEqual([
      [2, 'bad_row'],
      [3, 'no_user'],
      [4, 'unknown_event'],
      [5, 'skew_future'],
      [6, 'skew_past'],
    ]);
    expect(users(staged).map(([line]) => line)).toEqual([7, 8]);
  });

  it('tidies user and event, and leaves ids as they are written', async () => {
    const staged = await stage(`${HEADER}\n${at(0)},\t u1 , Flyer_OPEN ,%3Cnull%3G, 9 \n`);
    expect(staged.rejects).toEqual([]);
    expect(staged.events[0]).toMatchObject({
      user_id: 'u1',
      event: 2,
      flyer_id: '%3Cnull%3G',
      merchant_id: ' 9 ',
    });
  });
});

it('gives plain CSV to DuckDB as it is', async () => {
  const text = `${HEADER}\r\n${`${GOOD}\r\n`.repeat(100)}"${at(0)}","u1","favorite","",""\r\n`;
  expect(await stager.stage(text)).toMatchObject({ fastCount: 101, rejects: [] });
});
