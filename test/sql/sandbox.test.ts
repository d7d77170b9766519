/** What a statement cannot do: read or write another file, reach the network, change settings, or go on for ever. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { flyerline } from '../support/flyerline.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { useSqlLake } from './sql-lake.ts';

describe('the sandbox of sql', () => {
  const dir = useTempDir();
  const lake = useSqlLake(dir);
  const outside = join(dir.path, 'outside');
  const file = join(outside, 'secret.csv');

  beforeAll(() => {
    mkdirSync(outside);
    writeFileSync(file, 'secret\n1\n');
  });

  it.each([
    ["SELECT * FROM read_csv('FILE')", 'Permission Error'],
    ["SELECT * FROM read_text('FILE')", 'Permission Error'],
    ["SELECT * FROM read_blob('/proc/self/environ')", 'Permission Error'],
    ["SELECT * FROM glob('FILE*')", 'Permission Error'],
    ["SELECT * FROM sniff_csv('FILE')", 'sniff_csv'],
    ["SELECT * FROM query('SELECT * FROM read_csv(''FILE'')')", 'Permission Error'],
    ["SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')", 'Permission Error'],
    ["SELECT * FROM read_parquet('s3://bucket/x.parquet')", 'Permission Error'],
    ["COPY (SELECT 1) TO 'FILE'", '"COPY"'],
    ["WITH x AS (SELECT 1) COPY x TO 'FILE'", 'cannot be run'],
    ["EXPLAIN ANALYZE COPY (SELECT 1) TO 'FILE'", '"COPY"'],
    ["EXPLAIN (ANALYZE) COPY (SELECT 1) TO 'FILE'", '"COPY"'],
    ["SELECT 1) TO 'FILE' (FORMAT csv) --", 'cannot be run'],
    ["EXPORT DATABASE 'FILE'", '"EXPORT"'],
    ["ATTACH 'FILE' AS other", '"ATTACH"'],
    ['INSTALL httpfs', '"INSTALL"'],
    ['LOAD httpfs', '"LOAD"'],
    ["SET memory_limit = '100GB'", '"SET"'],
    ['PRAGMA threads = 64', '"PRAGMA"'],
    ["CALL enable_logging('QueryLog')", '"CALL"'],
    ["SELECT * FROM enable_logging('QueryLog', storage = 'stdout')", 'enable_logging'],
    ["SELECT * FROM query('FROM enable_' || 'profiling()')", 'enable_profiling'],
    ["SELECT getenv('HOME')", 'getenv does not exist'],
    ['CREATE TABLE t AS SELECT 1', '"CREATE"'],
    ['DELETE FROM user_day', '"DELETE"'],
    ['SELECT 1; SELECT 2', '2 statements'],
    ['-- nothing', 'no statement'],
  ])('refuses %s', async (sql, reason) => {
    const asked = lake.ask(sql.replace('FILE', file));
    await expect(asked).rejects.toMatchObject({
      code: expect.stringMatching(/^FL_SQL_(?:REFUSED|INVALID)$/),
      reason: expect.stringContaining(reason),
    });
    expect(readdirSync(outside)).toEqual(['secret.csv']);
  });

  it('would let a file be read that it was not told to forbid', async () => {
    // The same statement over a session that is not locked: so the refusals above are the sandbox's.
    await expect(lake.unlocked(`SELECT * FROM read_csv('${file}')`)).resolves.toEqual([{ secret: 1n }]);
  });

  it('holds in DuckDB too, where words are no help', async () => {
    const query = lake.withSession;
    await expect(query((duck) => duck.run(`COPY (SELECT 1) TO '${file}'`))).rejects.toThrow(
      'Permission Error',
    );
    await expect(query((duck) => duck.run(`ATTACH '${file}' AS other`))).rejects.toThrow('Permission Error');
    await expect(query((duck) => duck.run('LOAD httpfs'))).rejects.toThrow('Permission Error');
    await expect(query((duck) => duck.run('SET enable_external_access = true'))).rejects.toThrow();
    await expect(query((duck) => duck.run("SET allowed_directories = ['/']"))).rejects.toThrow('locked');
    await expect(query((duck) => duck.run("SET memory_limit = '100GB'"))).rejects.toThrow('locked');
  });

  it('stops a statement at its time limit', async () => {
    const asked = lake.ask('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b', {
      timeoutMs: 1_000,
    });
    await expect(asked).rejects.toMatchObject({ code: 'FL_SQL_LIMIT', reason: 'ran longer than 1 s' });
  });

  it('stops a statement that needs more memory than it may have', async () => {
    const asked = lake.ask("SELECT length(list(repeat('x', 1000) || range)) FROM range(1000000)", {
      memoryLimitBytes: 64 * 2 ** 20,
    });
    await expect(asked).rejects.toMatchObject({
      code: 'FL_SQL_LIMIT',
      reason: expect.stringContaining('64 MiB of memory'),
    });
  });

  it('tells of a refusal with an exit code of its own', async () => {
    const { exitCode, stdout, stderr } = await flyerline([
      ...['sql', `select * from read_csv('${file}')`, '--lake', lake.dir],
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('FL_SQL_REFUSED');
  });

  it('leaves nothing in the scratch folder', () => {
    expect(readdirSync(lake.scratchDir)).toEqual([]);
  });
});
