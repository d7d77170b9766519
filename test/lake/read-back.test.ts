/** The read-back gate: passes what is right, whatever the encoding, and nothing that is not. */
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import parquetjs from 'parquetjs-lite';
import { describe, expect, it } from 'vitest';
import { sqlString, writeParquet } from '../../lake/duckdb.ts';
import { expectedValues } from '../../lake/expected-values.ts';
import { readBackParquet } from '../../lake/read-back.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { useSampleLake } from './sample-lake.ts';
import { sampleQuery, sampleTable } from './sample-publish.ts';

const DAY = '2018-10-01';

describe('readBackParquet', () => {
  const lake = useSampleLake();
  const expectedOf = (query: string, schema: Pick<TableSchema, 'columns'> = sampleTable) =>
    expectedValues(lake.duck, { query }, schema);
  const write = async (query: string, compression: 'zstd' | 'snappy' = 'zstd', rowGroupSize = 4_096) => {
    const path = join(lake.freshDir(), 'file.parquet');
    await writeParquet(lake.duck, { query, orderBy: ['id'], path, compression, rowGroupSize });
    return path;
  };

  it.each(['zstd', 'snappy'] as const)('passes a right file of several row groups in %s', async (codec) => {
    const query = sampleQuery(DAY, 20_000);
    await readBackParquet(await write(query, codec), await expectedOf(query));
  });

  it('passes a file without rows, and columns that are all NULL', async () => {
    const empty = sampleQuery(DAY, 0);
    await readBackParquet(await write(empty), await expectedOf(empty));
    const nulls = `SELECT id, NULL::DATE AS day, NULL::VARCHAR AS user_id, NULL::INTEGER AS views,
      NULL::DOUBLE AS dwell_s, NULL::BOOLEAN AS suspect FROM (${sampleQuery(DAY, 50)})`;
    await readBackParquet(await write(nulls), await expectedOf(nulls));
  });

  it('passes texts of any script and length, extreme numbers and dates before 1970', async () => {
    const ids = 'SELECT CASE WHEN i = 0 THEN 9223372036854775807 ELSE i END AS id FROM range(500) t(i)';
    const texts = ['', 'a', 'ünïcødé', '日本語テキスト', '🙂 emoji', '\uff00x', 'long '.repeat(200)];
    const query = `SELECT id, DATE '1969-12-31' - (id % 1000)::INTEGER AS day,
      [${texts.map(sqlString).join(', ')}][1 + id % 7] AS user_id,
      CASE WHEN id % 2 = 0 THEN 2147483647 ELSE -2147483648 END::INTEGER AS views,
      CASE WHEN id % 2 = 0 THEN 1e300 ELSE -1e-300 END AS dwell_s, id % 3 = 0 AS suspect FROM (${ids})`;
    await readBackParquet(await write(query), await expectedOf(query));
  });

  it('passes a dictionary of more than 256 entries, whose values parquetjs-lite decodes wrongly', async () => {
    // Runs of equal values in a dictionary with indexes of more than 8 bits.
    const query = `SELECT i::BIGINT AS id, 'user-' || (i // 20)::VARCHAR AS user_id FROM range(20000) t(i)`;
    const schema = { columns: [sampleTable.columns[0]!, sampleTable.columns[2]!] };
    const path = await write(query, 'snappy', 20_480);
    await readBackParquet(path, await expectedOf(query, schema));

    const reader = await parquetjs.ParquetReader.openFile(path);
    const cursor = reader.getCursor(['user_id']);
    let wrong = 0;
    for (let row = 0; row < 10_000; row += 1) {
      const { user_id } = (await cursor.next()) as { user_id: string };
      if (user_id !== `user-${Math.floor(row / 20)}`) wrong += 1;
    }
    await reader.close();
    expect(wrong).toBeGreaterThan(0);
  });

  it.each([
    ['id', 'id + (id = 77)::BIGINT AS id', 'its'],
    ['day', "CASE WHEN id = 77 THEN DATE '2018-10-02' ELSE day END AS day", 'its'],
    ['user_id', "CASE WHEN id = 77 THEN 'user-3' || right(user_id, 2) ELSE user_id END AS user_id", 'its'],
    ['views', '(CASE WHEN id = 77 THEN (views + 1) % 13 ELSE views END)::INTEGER AS views', 'its'],
    ['dwell_s', 'CASE WHEN id = 77 THEN dwell_s + 0.001 ELSE dwell_s END AS dwell_s', 'its sum'],
    ['dwell_s', 'CASE WHEN id = 77 THEN NULL ELSE dwell_s END AS dwell_s', 'its count'],
    ['suspect', 'CASE WHEN id = 77 THEN NOT suspect ELSE suspect END AS suspect', 'its sum'],
  ])('refuses one wrong value of %s in 10,000 rows (%s)', async (column, replacement, figure) => {
    const query = sampleQuery(DAY, 10_000);
    const path = await write(`SELECT * REPLACE (${replacement}) FROM (${query})`);
    await expect(readBackParquet(path, await expectedOf(query))).rejects.toMatchObject({
      code: 'FL_READ_BACK',
      message: expect.stringContaining(`column "${column}": ${figure}`),
    });
  });

  it('refuses a missing row', async () => {
    const path = await write(sampleQuery(DAY, 999));
    await expect(readBackParquet(path, await expectedOf(sampleQuery(DAY, 1_000)))).rejects.toMatchObject({
      message: expect.stringContaining('999 rows instead of 1000'),
    });
  });

  it.each([
    ['DECIMAL', 'SELECT id, 1.5::DECIMAL(9, 2) AS dwell_s'],
    ['TIMESTAMP_MS', "SELECT id, TIMESTAMP_MS '2018-10-01 00:00:00' AS dwell_s"],
    ['another type than declared', 'SELECT id, 1.5::FLOAT AS dwell_s'],
    ['another name than declared', 'SELECT id, 1.5::DOUBLE AS dwell'],
  ])('refuses a column of %s', async (_, select) => {
    const schema = { columns: [sampleTable.columns[0]!, sampleTable.columns[4]!] };
    const expected = await expectedOf('SELECT 0::BIGINT AS id, 1.5::DOUBLE AS dwell_s', schema);
    const path = await write(`${select} FROM (SELECT 0::BIGINT AS id)`);
    await expect(readBackParquet(path, expected)).rejects.toMatchObject({ code: 'FL_READ_BACK' });
  });

  it('refuses a Parquet file of version 2', async () => {
    const query = sampleQuery(DAY, 1_000);
    const path = join(lake.freshDir(), 'v2.parquet');
    await lake.duck.run(`COPY (${query}) TO ${sqlString(path)} (FORMAT parquet, PARQUET_VERSION V2)`);
    await expect(readBackParquet(path, await expectedOf(query))).rejects.toMatchObject({
      code: 'FL_READ_BACK',
    });
  });

  it('refuses a file that ends early, and one that is no Parquet', async () => {
    const query = sampleQuery(DAY, 1_000);
    const path = await write(query);
    const expected = await expectedOf(query);
    const bytes = await readFile(path);
    for (const broken of [bytes.subarray(0, bytes.length - 100), Buffer.from('id,day\n'), Buffer.alloc(0)]) {
      await writeFile(path, broken);
      await expect(readBackParquet(path, expected)).rejects.toMatchObject({ code: 'FL_READ_BACK' });
    }
  });

  it.each(['zstd', 'snappy'] as const)(
    'never passes a %s file in which a flipped byte changes a value',
    async (codec) => {
      const query = sampleQuery(DAY, 2_000);
      const path = await write(query, codec);
      const expected = await expectedOf(query);
      const right = await readFile(path);
      const wanted = JSON.stringify(await valuesOf(right), bigintText);
      const metadata = parquetMetadata(new Uint8Array(right).buffer);
      const dataEnd = right.length - metadata.metadata_length - 8;
      let refused = 0;
      for (let offset = 4; offset < dataEnd; offset += Math.ceil(dataEnd / 150)) {
        const broken = Buffer.from(right);
        broken[offset]! ^= 0x10;
        await writeFile(path, broken);
        const passed = await readBackParquet(path, expected).then(
          () => true,
          () => false,
        );
        // A flip in a page's own statistics changes no value.
        if (passed) expect(JSON.stringify(await valuesOf(broken), bigintText)).toBe(wanted);
        else refused += 1;
      }
      expect(refused).toBeGreaterThan(75);
    },
  );

  it('closes the file it looked at', async () => {
    const query = sampleQuery(DAY, 10);
    const path = await write(query);
    const expected = await expectedOf(query);
    const before = await openFiles();
    await readBackParquet(path, expected);
    await readBackParquet(path, { ...expected, rowCount: 11 }).catch(() => undefined);
    expect(await openFiles()).toBe(before);
  });
});

const bigintText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

function valuesOf(bytes: Buffer): Promise<Record<string, unknown>[]> {
  const { buffer } = new Uint8Array(bytes);
  return parquetReadObjects({ file: buffer, compressors });
}

/** A new file gets the lowest free number. */
async function openFiles(): Promise<number> {
  const file = await open('/dev/null');
  const { fd } = file;
  await file.close();
  return fd;
}
