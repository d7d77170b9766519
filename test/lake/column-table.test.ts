/** Typed arrays into DuckDB and back, and a stream that other work on the same instance does not cut short. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ColumnTable, int8Column, int32Column, uint8Column } from '../../lake/column-table.ts';
import { type Duck, openDuck } from '../../lake/duckdb.ts';

let dir = '';
let duck: Duck;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'flyerline-columns-'));
  duck = await openDuck({ memoryLimitBytes: 256 * 2 ** 20, threads: 2, tempDir: dir });
});

afterEach(async () => {
  await duck.close();
  await rm(dir, { recursive: true, force: true });
});

describe('ColumnTable', () => {
  it.each([0, 1, 2048, 2049, 10_000])('holds %i rows, in order, with the values written', async (count) => {
    const table = await ColumnTable.create(duck, 'sample', { a: 'INTEGER', b: 'UTINYINT', c: 'DOUBLE' });
    const { a, b, c } = table.columns;
    for (let i = 0; i < count; i++) {
      const row = table.nextRow();
      a[row] = -i;
      b[row] = i % 256;
      c[row] = i + 0.5;
    }
    table.close();
    const [found] = await duck.rows(
      `SELECT count(*)::INTEGER AS count, bool_and(a = -rowid AND b = rowid % 256 AND c = rowid + 0.5) AS same FROM sample`,
    );
    expect(found).toEqual({ count, same: count === 0 ? null : true });
  });
});

describe('columns of a chunk', () => {
  it('are the values of the query, in order', async () => {
    const found: number[][] = [];
    const query =
      'SELECT (range * 1000)::INTEGER, (range % 100 - 50)::TINYINT, (range % 256)::UTINYINT FROM range(5000)';
    for await (const chunk of duck.stream(query)) {
      const [long, small, unsigned] = [int32Column(chunk, 0), int8Column(chunk, 1), uint8Column(chunk, 2)];
      expect([long.length, small.length, unsigned.length]).toEqual(Array(3).fill(chunk.rowCount));
      for (let i = 0; i < chunk.rowCount; i++) found.push([long[i]!, small[i]!, unsigned[i]!]);
    }
    expect(found).toEqual(Array.from({ length: 5000 }, (_, i) => [i * 1000, (i % 100) - 50, i % 256]));
  });
});

describe('a stream on a connection of its own', () => {
  it('goes on to its end while an appender of the same instance flushes', async () => {
    const ROWS = 1_000_000;
    const table = await ColumnTable.create(duck, 'copy', { a: 'INTEGER' });
    const reader = await duck.connect();
    let rows = 0;
    for await (const chunk of reader.stream(`SELECT range::INTEGER FROM range(${ROWS})`)) {
      for (const value of int32Column(chunk, 0)) table.columns.a[table.nextRow()] = value;
      rows += chunk.rowCount;
    }
    table.close();
    const [sum] = await duck.rows('SELECT count(*)::INTEGER AS count, sum(a)::DOUBLE AS sum FROM copy');
    expect([rows, sum]).toEqual([ROWS, { count: ROWS, sum: (ROWS * (ROWS - 1)) / 2 }]);
  });
});
