/** `flyerline sql`: results in each form, the row limit, statements on stdin, and the prompt. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { historyFile } from '../../cli/sql/history-file.ts';
import { runPrompt } from '../../cli/sql/prompt.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { useSqlLake } from './sql-lake.ts';

const SQL = "SELECT user_id, day, dwell_s FROM user_day WHERE day = '2018-10-01' ORDER BY 1";

describe('flyerline sql', () => {
  const dir = useTempDir();
  const lake = useSqlLake(dir);
  const run = (...args: readonly string[]) => flyerline(['sql', ...args, '--lake', lake.dir]);

  it('shows a table, and on stderr how much was read for it', async () => {
    expect(await run(SQL)).toEqual({
      exitCode: 0,
      stdout: 'user_id  day         dwell_s\nada      2018-10-01       10\nzoe      2018-10-01       30\n',
      stderr: '2 rows · user_day version 2: 1 of 3 files\n',
    });
  });

  it('shows the first rows, and says that there are more', async () => {
    const { stdout, stderr } = await run('SELECT range FROM range(1000)', '--limit', '3');
    expect(stdout).toBe('range\n    0\n    1\n    2\n');
    expect(stderr).toContain('the first 3 rows, there are more');
  });

  it('spells out what would steer a terminal', async () => {
    const { stdout } = await run("SELECT chr(27) || '[2J' AS x, NULL AS y");
    expect(stdout).toBe('x        y\n\\x1b[2J  NULL\n');
  });

  it('writes CSV, JSON and Parquet, on stdout or into a file', async () => {
    expect((await run(SQL, '--format', 'csv')).stdout).toBe(
      'user_id,day,dwell_s\nada,2018-10-01,10.0\nzoe,2018-10-01,30.0\n',
    );
    const rows = [
      { user_id: 'ada', day: '2018-10-01', dwell_s: 10 },
      { user_id: 'zoe', day: '2018-10-01', dwell_s: 30 },
    ];
    expect(JSON.parse((await run(SQL, '--format', 'json')).stdout)).toEqual(rows);
    const out = join(dir.path, 'day.parquet');
    expect(await run(SQL, '--format', 'parquet', '--out', out)).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    expect(await lake.unlocked(`SELECT user_id, dwell_s FROM read_parquet('${out}')`)).toEqual(
      rows.map(({ user_id, dwell_s }) => ({ user_id, dwell_s })),
    );
  });

  it('leaves the file as it was when the statement fails', async () => {
    const out = join(dir.path, 'kept.csv');
    await run('SELECT 1 AS a', '--format', 'csv', '--out', out);
    const { exitCode } = await run('SELECT error(user_id) FROM user_day', '--format', 'csv', '--out', out);
    expect(exitCode).toBe(2);
    expect(readFileSync(out, 'utf8')).toBe('a\n1\n');
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  it('answers programs with one object', async () => {
    expect(
      await flyerlineJson(['sql', 'SELECT count(*) AS n FROM user_day AS OF 1', '--lake', lake.dir]),
    ).toEqual({
      columns: [{ name: 'n', type: 'BIGINT' }],
      sources: [{ table: 'user_day', version: 1, files: 2, filesTotal: 2 }],
      rows: [{ n: 4 }],
    });
    const { exitCode, stdout } = await run('SELECT 1 +', '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'FL_SQL_INVALID', exitCode: 2 } });
  });

  it('reads all tables as of a time', async () => {
    const { stdout } = await run(
      'SELECT count(*) AS n FROM user_day',
      '--as-of',
      '2018-01-01',
      '--format',
      'csv',
    );
    expect(stdout).toBe('n\n0\n');
  });

  it('runs the statements that come on stdin, up to the first that fails', async () => {
    const script = "SELECT ';' AS a; -- one;\nSELECT 2 AS b;\nSELECT nothing;\nSELECT 3 AS c";
    const { stdout, exitCode } = await withStdin(script, ['--format', 'csv', '--lake', lake.dir]);
    expect({ stdout, exitCode }).toEqual({ stdout: 'a\n;\nb\n2\n', exitCode: 2 });
  });
});

describe('the prompt of sql', () => {
  const dir = useTempDir();
  const history = historyFile(dir.path);

  /** Types the lines; resolves to what was asked and shown. */
  const type = async (lines: readonly string[]) => {
    const [input, output, asked] = [new PassThrough(), new PassThrough(), [] as string[]];
    const shown = text(output);
    input.end(lines.map((line) => `${line}\n`).join(''));
    await runPrompt(
      async (statement) => {
        asked.push(statement.trim());
        if (statement.includes('broken')) throw new Error('broken');
      },
      { input, output, history, isTerminal: false },
    );
    output.end();
    return { asked, shown: await shown };
  };

  it('takes a statement over several lines, until a semicolon that is none of a text', async () => {
    const { asked, shown } = await type(['SELECT', "  ';' AS a", '; SELECT 2;', 'SELECT 3']);
    expect(asked).toEqual(["SELECT\n  ';' AS a", 'SELECT 2']);
    expect(shown).toContain('Statements end with ";"');
  });

  it('goes on after a statement that fails, and ends with .quit', async () => {
    expect((await type(['broken;', 'SELECT 1;', '.quit', 'SELECT 2;'])).asked).toEqual([
      'broken',
      'SELECT 1',
    ]);
  });

  it('shows tables and their columns', async () => {
    const { shown } = await type(['.tables', '.schema dq_day', '.help']);
    expect(shown).toMatch(/^user_flyer_day /m);
    expect(shown).toMatch(/^check +string/m);
    expect(shown).toContain('There are .tables');
  });

  it('stops a statement at Ctrl-C, and goes on', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.resume();
    const ended: string[] = [];
    const prompt = runPrompt(
      async (statement, signal) => {
        if (statement === 'long') {
          void setImmediate().then(() => input.write('\x03'));
          await new Promise((stopped) => signal.addEventListener('abort', stopped));
        }
        ended.push(statement);
        input.write(statement === 'long' ? 'short;\r' : '.quit\r');
      },
      { input, output, history: { read: () => [], add: () => {} }, isTerminal: true },
    );
    input.write('long;\r');
    await prompt;
    expect(ended.map((statement) => statement.trim())).toEqual(['long', 'short']);
  });

  it('drops what is typed at Ctrl-C', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    output.resume();
    const asked: string[] = [];
    const prompt = runPrompt(async (statement) => void asked.push(statement.trim()), {
      ...{ input, output, history: { read: () => [], add: () => {} }, isTerminal: true },
    });
    for (const typed of ['SELECT\r', '1 +', '\x03', 'SELECT 2;\r', '.quit\r']) {
      input.write(typed);
      // A line is looked at before the next is typed.
      await setImmediate();
    }
    await prompt;
    expect(asked).toEqual(['SELECT 2']);
  });

  it('remembers statements for the next time, newest first', async () => {
    await type(['SELECT 1', '  + 1;', 'SELECT 5;']);
    expect(history.read().slice(0, 2)).toEqual(['SELECT 5;', 'SELECT 1 + 1;']);
  });
});

function withStdin(script: string, args: readonly string[]): Promise<{ stdout: string; exitCode: number }> {
  return new Promise((resolve) => {
    const command = [join(PROJECT_ROOT, 'cli/main.ts'), 'sql', ...args];
    const child = execFile(process.execPath, command, { timeout: 60_000 }, (error, stdout) =>
      resolve({ stdout, exitCode: error === null ? 0 : Number(error.code) }),
    );
    child.stdin!.end(script);
  });
}
