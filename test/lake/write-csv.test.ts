/** CSV as RFC 4180 has it, and numbers as merchants expect them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { TableSchema } from '../../lake/table-schema.ts';
import { writeCsv } from '../../lake/write-csv.ts';
import { useSampleLake } from './sample-lake.ts';

const schema: TableSchema = {
  name: 'csv',
  description: '',
  key: ['text', 'n'],
  exported: true,
  columns: [
    { name: 'text', type: 'string', nullable: true, description: '' },
    { name: 'n', type: 'long', description: '' },
    { name: 'dwell_s', type: 'double', nullable: true, unit: 's', description: '' },
    { name: 'share', type: 'double', nullable: true, unit: 'share', description: '' },
    { name: 'average_s', type: 'double', nullable: true, unit: 's', csv: 'average', description: '' },
    { name: 'day', type: 'date', nullable: true, description: '' },
    { name: 'odd', type: 'boolean', nullable: true, description: '' },
  ],
};

describe('writeCsv', () => {
  const lake = useSampleLake();

  const write = async (rows: readonly string[]) => {
    const path = join(lake.freshDir(), 'out.csv');
    const query = `SELECT * FROM (VALUES ${rows.join(', ')}) AS t(text, n, dwell_s, share, average_s, day, odd)`;
    const written = await writeCsv(lake.duck, schema, { query, path });
    return { written, text: await readFile(path, 'utf8') };
  };

  it('prints seconds without needless digits and averages with six', async () => {
    const { text } = await write([
      "('a', 1, 1538366400.0, 0.5, 12.0, DATE '2018-10-01', true)",
      "('b', 2, 1.25, 1.0, 1.0 / 3, NULL, false)",
      "('c', 3, 0.0004, 0.0000007, NULL, NULL, NULL)",
      "('d', 4, -0.0, -0.0, -0.0, NULL, NULL)",
    ]);
    expect(text).toBe(
      [
        'text,n,dwell_s,share,average_s,day,odd',
        'a,1,1538366400,0.500000,12.000000,2018-10-01,true',
        'b,2,1.25,1.000000,0.333333,,false',
        'c,3,0,0.000001,,,',
        'd,4,0,0.000000,0.000000,,',
        '',
      ].join('\n'),
    );
  });

  it('quotes what needs quotes, keeps an empty text apart from NULL, and orders by the key', async () => {
    const texts = ['comma,', 'quote"', 'line\nfeed', 'return\r', '', ' space ', '#hash', 'ünï🙂'];
    const rows = texts.map((text, n) => `('${text}', ${n}, NULL, NULL, NULL, NULL, NULL)`);
    const { text } = await write([...rows, '(NULL, 99, NULL, NULL, NULL, NULL, NULL)']);
    expect(text.split('\n').slice(1, 3)).toEqual([',99,,,,,', '"",4,,,,,']);
    const parsed = parse<Record<string, string>>(text, { columns: true });
    expect(parsed.slice(1).map((row) => row.text)).toEqual([...texts].sort());
  });

  it('gives the same bytes again, and says what it wrote', async () => {
    const rows = ["('a', 1, 1.5, 1.5, 1.5, NULL, NULL)", "('b', 1, 2.5, 1.5, 1.5, NULL, NULL)"];
    const [first, second] = [await write(rows), await write(rows.toReversed())];
    expect(second.text).toBe(first.text);
    expect(second.written).toMatchObject({
      rowCount: 2,
      sha256: first.written.sha256,
      size: Buffer.byteLength(first.text),
    });
  });
});
