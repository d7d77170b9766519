/** Snippets work as printed: run where the reader runs here, else parsed; every column of every table is in them. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DefaultSettings, TaskUtils } from '@microsoft/powerquery-parser';
import { beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../../cli/test/python.ts';
import { openDuck, sqlPaths } from '../../lake/duckdb.ts';
import { commentOf } from '../../lake/snippets/snippet.ts';
import { SNIPPETS, type SnippetReader } from '../../lake/snippets/snippets.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { CLEAN_EVENTS, FLYER_DAY, LAKE_TABLES, USER_DAY } from '../../tasks/tables.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { publishDays } from '../support/publish-days.ts';
import { describeWith } from '../support/requirement.ts';
import type { RawRow } from '../support/stage-events.ts';
import { useTempDir } from '../support/temp-dir.ts';

const python = await findPython();
const readersInstalled =
  python === undefined
    ? { missing: 'the Python readers are not installed; ./flyerline test installs them' }
    : {};
const CHECK = fileURLToPath(new URL('./check_snippets.py', import.meta.url));

const READERS = Object.keys(SNIPPETS) as SnippetReader[];
const LAKES = ['/srv/lake', 's3://lake/flyers'];
const EVERY = READERS.flatMap((reader) => LAKES.map((lake) => [reader, lake] as const));

const snippet = (reader: SnippetReader, schema: TableSchema, lake: string) =>
  SNIPPETS[reader].write({ schema, lake, firstDay: '2018-10-01' });

const row = (day: string, time: string, user: string, event: string): RawRow => ({
  ...{ timestamp: `${day}T${time}-04:00`, user, event, flyer: '1', merchant: '9' },
});
const ROWS = [
  row('2018-10-01', '10:00:00', 'ada', 'flyer_open'),
  row('2018-10-01', '10:00:30', 'ada', 'flyer_close'),
  row('2018-10-01', '12:00:00', 'bob', 'flyer_open'),
  row('2018-10-02', '09:00:00', 'ada', 'flyer_open'),
  row('2018-10-02', '09:00:05', 'ada', 'flyer_close'),
];

describe('snippets', () => {
  it.each(EVERY)('for %s of %s name every column of every table', (reader, lake) => {
    for (const schema of LAKE_TABLES) {
      const code = snippet(reader, schema, lake);
      expect(code).toContain(schema.name);
      // A Delta table of Athena takes its columns from the log, and may name none.
      if (reader === 'athena' && !schema.exported) continue;
      const missing = schema.columns.filter(({ name }) => !new RegExp(`["\`]${name}["\`]`).test(code));
      expect(missing.map(({ name }) => name)).toEqual([]);
    }
  });

  it.each(LAKES)('for Power BI of %s are M', async (lake) => {
    for (const schema of LAKE_TABLES) {
      const parsed = await TaskUtils.tryLexParse(DefaultSettings, snippet('power-bi', schema, lake));
      expect(TaskUtils.isParseStageOk(parsed)).toBe(true);
    }
  });

  it('knows M when it sees it', async () => {
    const parsed = await TaskUtils.tryLexParse(DefaultSettings, 'let Rows = {1,}, in Rows');
    expect(TaskUtils.isParseStageOk(parsed)).toBe(false);
  });

  it('are printed by the command, for programs too, and only for readers and tables there are', async () => {
    const args = ['snippet', 'athena', 'merchant_day', '--lake', 's3://lake/flyers', '--from', '2018-10-01'];
    const { stdout } = await flyerline(args);
    expect(stdout).toBe(
      snippet('athena', LAKE_TABLES.find(({ name }) => name === 'merchant_day')!, 's3://lake/flyers'),
    );
    expect(await flyerlineJson(args)).toMatchObject({ language: 'sql', code: stdout });
    expect((await flyerline(['snippet', 'excel', 'merchant_day'])).exitCode).toBe(2);
    expect((await flyerline(['snippet', 'pandas', 'nothing'])).exitCode).toBe(2);
    // Every reader is a choice of the command.
    const help = (await flyerline(['snippet', '--help'])).stdout;
    expect(READERS.filter((reader) => !help.includes(`"${reader}"`))).toEqual([]);
  });
});

describeWith(readersInstalled, 'snippets that are run', () => {
  const dir = useTempDir();
  const lake = join(dir.path, 'lake');

  beforeAll(() => publishDays(lake, ROWS, { exported: true }), 60_000);

  const check = async <T>(snippets: readonly (readonly [SnippetReader, TableSchema, string])[]) => {
    const child = spawn(python!, [CHECK, dir.fresh()], { cwd: lake, stdio: ['pipe', 'pipe', 'pipe'] });
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    child.stdin.end(
      JSON.stringify(
        snippets.map(([reader, schema, of]) => ({
          reader,
          table: schema.name,
          code: snippet(reader, schema, of),
        })),
      ),
    );
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    if (exitCode !== 0) throw new Error(await stderr);
    return JSON.parse(await stdout) as T[];
  };

  const countOf = async (schema: TableSchema) => {
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    const nulls = schema.columns.map(({ name }) => `count(*) - count("${name}")`).join(' + ');
    const from = sqlPaths([join(lake, 'tables', schema.name)]).slice(1, -2);
    return duck
      .rows<{ rows: bigint; nulls: bigint }>(
        `SELECT count(*) AS rows, ${nulls} AS nulls FROM read_parquet(${from}/dt=*/*.parquet')`,
      )
      .then(([found]) => ({ rows: Number(found!.rows), nulls: Number(found!.nulls) }))
      .finally(() => duck.close());
  };

  it.each([USER_DAY, FLYER_DAY, CLEAN_EVENTS])('read the rows of $name', async (schema) => {
    const { rows, nulls } = await countOf(schema);
    const readers: SnippetReader[] = ['pandas', 'polars', 'clickhouse'];
    // Hyper reads exported Parquet (event tables are exported on demand), and is not built for every processor.
    if (schema.exported && process.arch === 'x64') readers.push('tableau');
    const seen = await check(readers.map((reader) => [reader, schema, lake] as const));
    const columns = schema.columns.map(({ name }) => name);
    expect(Object.fromEntries(seen.map((found, index) => [readers[index], found]))).toEqual(
      Object.fromEntries(readers.map((reader) => [reader, { rows, nulls, columns }])),
    );
    expect(rows).toBeGreaterThan(0);
  });

  it('make views of DuckDB with comments', async () => {
    const duck = await openDuck({ memoryLimitBytes: 2 ** 28, threads: 1, tempDir: dir.path });
    try {
      for (const schema of [USER_DAY, FLYER_DAY]) {
        await duck.run(snippet('duckdb', schema, lake));
        const found = await duck.rows<{ column_name: string; comment: string }>(
          `SELECT column_name, comment FROM duckdb_columns() WHERE table_name = '${schema.name}' ORDER BY column_index`,
        );
        expect(found).toEqual(
          schema.columns.map((column) => ({ column_name: column.name, comment: commentOf(column) })),
        );
        const [counted] = await duck.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${schema.name}`);
        expect(Number(counted!.rows)).toBe((await countOf(schema)).rows);
      }
    } finally {
      await duck.close();
    }
  });

  it('are DDL of Athena with the types of the columns', async () => {
    const seen = await check<{ tables: Ddl[] }>(
      LAKE_TABLES.map((schema) => ['athena', schema, 's3://lake/flyers']),
    );
    const type = {
      string: 'string',
      int: 'int',
      long: 'bigint',
      double: 'double',
      boolean: 'boolean',
      date: 'date',
    };
    for (const [index, schema] of LAKE_TABLES.entries()) {
      const [delta, current] = seen[index]!.tables;
      expect(delta).toMatchObject({
        ...{ kind: 'TABLE', name: schema.name, columns: [] },
        ...{ location: `s3://lake/flyers/tables/${schema.name}/`, properties: { table_type: 'DELTA' } },
      });
      if (!schema.exported) continue;
      expect(current).toMatchObject({
        name: `${schema.name}_current`,
        columns: schema.columns.map((column) => [column.name, type[column.type]]),
        comments: schema.columns.map(commentOf),
        location: `s3://lake/flyers/current/parquet/${schema.name}/`,
        properties: { 'projection.dt.range': '2018-10-01,NOW' },
      });
    }
  });

  it('for Spark compile', async () => {
    await check(LAKE_TABLES.flatMap((schema) => LAKES.map((of) => ['spark', schema, of] as const)));
  });
});

interface Ddl {
  readonly kind: string;
  readonly name: string;
  readonly columns: readonly (readonly [string, string])[];
  readonly comments: readonly string[];
  readonly location: string;
  readonly properties: Readonly<Record<string, string>>;
}
