/** NDJSON, JSON and XML drops, whole and broken. */
import { afterAll, describe, expect, it } from 'vitest';
import { useTempDir } from '../support/temp-dir.ts';
import { type StagedText, TextStager } from './stage-text.ts';

const temp = useTempDir();
const stager = new TextStager(temp.path);
afterAll(() => stager.close());

const at = (second: number) => `2018-10-01T10:00:${String(second).padStart(2, '0')}-04:00`;
const event = (user: string, more: object = {}) => ({
  timestamp: at(0),
  user_id: user,
  event: 'flyer_open',
  flyer_id: '1',
  merchant_id: '9',
  ...more,
});
const json = (user: string, more?: object) => JSON.stringify(event(user, more));
const users = ({ events }: StagedText) => events.map(({ line, user_id }) => [line, user_id]);
const rejected = ({ rejects }: StagedText) => rejects.map(({ line, detail }) => [line, detail]);

describe.each([
  { path: 'what DuckDB reads', isSlow: false },
  { path: 'what the tolerant parser reads', isSlow: true },
])('NDJSON, $path', ({ isSlow }) => {
  const stage = (text: string) => stager.stage(text, { format: 'ndjson', isSlow });

  it('takes numbers as their digits, nulls and missing fields as unknown', async () => {
    const staged = await stage(
      `${json('u1', { flyer_id: 2016315, merchant_id: null, seq: 7, note: { a: [1] } })}\n` +
        `{"timestamp":"${at(1)}","user_id":12345678901234567890,"event":"list_flyers"}\r\n`,
    );
    expect(staged.rejects).toEqual([]);
    expect(staged.events[0]).toMatchObject({
      flyer_id: '2016315',
      merchant_id: null,
      seq: 7,
      event_id: null,
    });
    expect(staged.events[1]).toMatchObject({ user_id: '12345678901234567890', flyer_id: null });
  });

  it('keeps numbers as they are written', async () => {
    const staged = await stage(
      `{"timestamp":"${at(1)}","user_id":"u","event":"favorite","flyer_id":1e3,"merchant_id":1.50,"event_id":-0}\n` +
        `{"timestamp":"${at(1)}","user_id":"u","event":"favorite","flyer_id":NaN,"merchant_id":1E2,"event_id":-1.5e-9}\n`,
    );
    expect(
      staged.events.map(({ flyer_id, merchant_id, event_id }) => [flyer_id, merchant_id, event_id]),
    ).toEqual([
      ['1e3', '1.50', '0'],
      ['NaN', '1E2', '-1.5e-9'],
    ]);
  });

  it('rejects lines that are no object, each by itself', async () => {
    const staged = await stage(
      [
        json('u1'),
        json('u2').slice(0, -1),
        '[1]',
        'garbage',
        `${json('u3')} x`,
        `${json('u4')}${json('u5')}`,
        json('u6').replace('"u6"', '"u6'),
        json('u7'),
        '',
      ].join('\n'),
    );
    expect(users(staged)).toEqual([
      [1, 'u1'],
      [8, 'u7'],
    ]);
    expect(staged.rejects.map(({ line, reason }) => [line, reason])).toEqual(
      [2, 3, 4, 5, 6, 7].map((line) => [line, 'bad_row']),
    );
    expect(staged.rejects[0]!.detail).toBe('ends inside the object');
  });

  it('takes the first of two fields with one name', async () => {
    const staged = await stage(`{"user_id":"first",${json('second').slice(1)}\n`);
    expect(users(staged)).toEqual([[1, 'first']]);
  });

  it('rejects an object where a text belongs', async () => {
    const staged = await stage(
      `${json('u1', { flyer_id: { id: 1 } })}\n${json('u2', { flyer_id: '{"id":1}' })}\n`,
    );
    expect(rejected(staged)).toEqual([[1, 'has an object or array as flyer_id']]);
    expect(staged.events[0]).toMatchObject({ user_id: 'u2', flyer_id: '{"id":1}' });
  });

  it('takes an object as sequence number or time of receipt for none', async () => {
    const staged = await stage(`${json('u1', { seq: { no: 1 }, received_at: [{ $date: 1 }] })}\n`);
    expect(rejected(staged)).toEqual([]);
    expect(staged.events).toMatchObject([{ user_id: 'u1', seq: null, received_ms: null }]);
  });

  it('decodes escapes, and does not count blank lines', async () => {
    const staged = await stage(`\n${json('u1').replace('u1', '\\u00e9\\n\\"x')}\n   \n${json('u2')}\n`);
    expect(users(staged)).toEqual([
      [2, 'é\n"x'],
      [4, 'u2'],
    ]);
  });
});

describe.each([{ sourceBytes: 7 }, { sourceBytes: 100_000 }])(
  'JSON documents, in pieces of $sourceBytes bytes',
  ({ sourceBytes }) => {
    const stage = (text: string) => stager.stage(text, { format: 'json', sourceBytes });

    it('are an array, or an object with one', async () => {
      const array = `[${json('u1')},\n ${json('é2')} ]`;
      for (const text of [
        array,
        `\ufeff ${array}\n`,
        `{"events":${array}}`,
        `{"meta":{"a":[1,{}]},"events" : ${array}, "n": 2}`,
      ]) {
        const staged = await stage(text);
        expect(users(staged)).toEqual([
          [1, 'u1'],
          [2, 'é2'],
        ]);
        expect(staged.rejects).toEqual([]);
      }
      expect((await stage('[]')).rejects).toEqual([]);
      expect((await stage('')).rejects).toEqual([]);
    });

    it('lose a broken object, and no other', async () => {
      const broken = [
        json('bad').replace('"bad"', '"bad'),
        json('bad').replace(':', ''),
        json('bad').slice(0, -1),
        json('bad').replace('"1"', '"1""'),
        '{"timestamp"}',
        '12',
        '["x"]',
        '{]',
      ];
      for (const bad of broken) {
        for (const separator of [',', ',\n  ']) {
          const staged = await stage(`[${[json('u1'), bad, json('u3'), json('u4')].join(separator)}]`);
          expect(
            staged.events.map(({ user_id }) => user_id),
            bad,
          ).toEqual(['u1', 'u3', 'u4']);
          expect(staged.rejects.map(({ reason }) => reason)).toEqual(['bad_row']);
        }
      }
    });

    it('that end too early keep what is there, and say so', async () => {
      const staged = await stage(`[${json('u1')},${json('u2')}`);
      expect(users(staged)).toHaveLength(2);
      expect(rejected(staged)).toEqual([[3, 'is missing: the document ends inside the array']]);
      const cut = await stage(`[${json('u1')},${json('u2').slice(0, 40)}`);
      expect(users(cut)).toHaveLength(1);
      expect(cut.rejects).toHaveLength(1);
    });

    it('that are none of it are one rejected row', async () => {
      expect(rejected(await stage('"events"'))).toEqual([
        [1, 'is neither an array nor an object with "events"'],
      ]);
      expect(rejected(await stage('{"rows": []}'))).toEqual([[1, 'is an object without an array "events"']]);
      expect(rejected(await stage('{"rows": '))).toEqual([[1, 'ends inside the object']]);
    });

    it('may be objects one after another', async () => {
      const staged = await stage(`${json('u1')}\n{"x"\n${json('u2')}\n`);
      expect(staged.events.map(({ user_id }) => user_id)).toEqual(['u1', 'u2']);
      expect(staged.rejects).toHaveLength(1);
    });
  },
);

describe.each([{ sourceBytes: 5 }, { sourceBytes: 100_000 }])(
  'XML documents, in pieces of $sourceBytes bytes',
  ({ sourceBytes }) => {
    const stage = (text: string) => stager.stage(text, { format: 'xml', sourceBytes });
    const attributes = (user: string) =>
      `<event timestamp="${at(0)}" user_id="${user}" event='flyer_open' flyer_id="1" merchant_id="9"/>`;
    const children = (user: string) =>
      `<event>\n <timestamp>${at(0)}</timestamp><user_id> ${user} </user_id><event>flyer_open</event>\n</event>`;

    it('have fields as attributes or as children', async () => {
      const staged = await stage(
        `<?xml version="1.0"?>\n<!-- <event user_id="no"/> -->\n<events n="2">\n${attributes('a&amp;b')}\n` +
          `<event><timestamp>${at(1)}</timestamp><user_id><![CDATA[u<2]]></user_id><flyer_id/></event></events>\n`,
      );
      expect(users(staged)).toEqual([[1, 'a&b']]);
      expect(staged.rejects).toMatchObject([
        { line: 2, reason: 'unknown_event', detail: 'event is missing' },
      ]);
      expect(children('x')).toContain('<event>flyer_open</event>');
    });

    it('never resolve entities, whatever the DTD says', async () => {
      const staged = await stage(
        `<!DOCTYPE events [<!ENTITY who "]><event user_id='x'/>"><!ENTITY f SYSTEM "file:///etc/passwd">]>\n` +
          `<events>${attributes('&who;')}${attributes('&f;')}${attributes('u3')}</events>`,
      );
      expect(users(staged)).toEqual([[3, 'u3']]);
      expect(staged.rejects.map(({ line }) => line)).toEqual([1, 2]);
      expect(staged.rejects[0]!.detail).toMatch(/^is not well-formed: undefined entity/);
    });

    it('lose a broken element, and no other', async () => {
      const broken = [
        attributes('bad').replace('user_id="bad"', 'user_id="bad'),
        attributes('bad').replace('/>', '>'),
        attributes('bad').replace('="1"', ''),
        '<event>',
        '<event timestamp="',
        attributes('bad').replace('/>', '></evnt>'),
        '<event><user_id>bad</event>',
      ];
      for (const bad of broken) {
        const staged = await stage(`<events>${attributes('u1')}\n${bad}\n${attributes('u3')}</events>`);
        expect(
          staged.events.map(({ user_id }) => user_id),
          bad,
        ).toEqual(['u1', 'u3']);
        expect(staged.rejects, bad).toHaveLength(1);
      }
    });

    it('that end too early, or are no XML of events, say so', async () => {
      const cut = await stage(`<events>${attributes('u1')}`);
      expect(users(cut)).toEqual([[1, 'u1']]);
      expect(rejected(cut)).toEqual([[2, 'is missing: the document ends before its root element does']]);
      expect(rejected(await stage('<rows><row a="1"/></rows>'))).toEqual([[1, 'has no <event> element']]);
      expect(rejected(await stage('no xml'))).toEqual([[1, 'is no XML']]);
      expect((await stage('<events/>')).rejects).toEqual([]);
      expect(users(await stage(attributes('u1')))).toEqual([[1, 'u1']]);
    });
  },
);
