/** XML events whose name is a child element. */
import { describe, expect, it } from 'vitest';
import type { RawRow } from '../../tasks/ingest/parse/raw-row.ts';
import { readXmlDocument } from '../../tasks/ingest/parse/xml-document.ts';

const FIRST = '<event><timestamp>T1</timestamp><event>flyer_open</event><flyer_id>1</flyer_id></event>';
const SECOND = '<event><event>list_flyers</event><timestamp>T2</timestamp></event>';

describe('XML drops whose event has the field `event` as a child', () => {
  it.each([1, 7, 64, 4096])('are read in pieces of %i bytes', async (size) => {
    const { rows, broken } = await read(`<events>\n${FIRST}\n${SECOND}${FIRST}</events>`, size);
    expect(rows).toEqual([
      { timestamp: 'T1', event: 'flyer_open', flyer_id: '1' },
      { event: 'list_flyers', timestamp: 'T2' },
      { timestamp: 'T1', event: 'flyer_open', flyer_id: '1' },
    ]);
    expect(broken).toEqual([]);
  });

  it('take an empty one for an unknown event of that row, not for a row', async () => {
    const { rows } = await read(
      `<events>${FIRST.replace('flyer_open', '')}<event><event/><timestamp>T3</timestamp></event></events>`,
    );
    expect(rows).toEqual([
      { timestamp: 'T1', event: '', flyer_id: '1' },
      { event: '', timestamp: 'T3' },
    ]);
  });

  it('lose only the element that is cut off, whatever field it is cut in', async () => {
    for (let cut = '<event>'.length; cut < FIRST.length; cut += 1) {
      const { rows } = await read(`<events>\n${FIRST.slice(0, cut)}\n${SECOND}\n</events>`);
      expect(rows.at(-1), FIRST.slice(0, cut)).toEqual({ event: 'list_flyers', timestamp: 'T2' });
    }
  });

  it('may be mixed with events that have attributes', async () => {
    const { rows } = await read(
      `<events><event timestamp="T0" event="checkout"/>${SECOND}<event timestamp="T4"></event></events>`,
    );
    expect(rows).toEqual([
      { timestamp: 'T0', event: 'checkout' },
      { event: 'list_flyers', timestamp: 'T2' },
      { timestamp: 'T4' },
    ]);
  });
});

async function read(text: string, pieceSize = 4096) {
  const rows: RawRow[] = [];
  const broken: string[] = [];
  async function* pieces() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  }
  await readXmlDocument(pieces(), {
    row: (_line, row) => rows.push(row),
    broken: (_line, why) => broken.push(why),
  });
  return { rows, broken };
}
