/** How a command fails: what it prints, where, and the exit code. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, exitCodeOf } from '../../cli/exit-code.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { reportError } from '../../cli/report-error.ts';
import { type ErrorCode, FlyerlineError } from '../../infra/errors.ts';
import { runFlyerline, runProgram } from '../support/run-command.ts';

describe('a wrong call', () => {
  it('of an unknown command exits with 2 and suggests the one that was meant', async () => {
    const { exitCode, stdout, stderr } = await runFlyerline(['tset']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe(
      "✗ The command line is wrong: unknown command 'tset'\n" +
        '  → Did you mean test? Or see ./flyerline --help\n' +
        '  FL_USAGE, see docs/reference/errors.md\n',
    );
  });

  it('of an unknown option names the help of that command', async () => {
    const { exitCode, stderr } = await runFlyerline(['test', '--fast']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("unknown option '--fast'");
    expect(stderr).toContain('./flyerline test --help');
  });

  it('is one JSON object on stdout for a program', async () => {
    const { exitCode, stdout, stderr } = await runFlyerline(['tset', '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'FL_USAGE', exitCode: 2, retryable: false });
  });
});

describe('an error', () => {
  it('shows subject, reason, remedy and code, and no secret', () => {
    const error = new FlyerlineError('FL_REDIS_MISSING', {
      subject: 'Redis at redis://:hunter2@host',
      reason: 'does not answer',
      remedy: 'start it',
    });
    const { exitCode, stderr } = captured(() => reportError(error, { json: false, verbose: false }));
    expect(exitCode).toBe(EXIT.environment);
    expect(stderr).toBe(
      '✗ Redis at redis://:[redacted]@host does not answer\n' +
        '  → start it\n' +
        '  FL_REDIS_MISSING, see docs/reference/errors.md\n',
    );
  });

  it('shows stack and causes when asked to', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const { stderr } = captured(() => reportError(error, { json: false, verbose: true }));
    expect(stderr).toMatch(/✗ outer\n[\s\S]*Error: outer\n[\s\S]*caused by[\s\S]*Error: inner/);
  });

  it.each<[ErrorCode, number]>([
    ['FL_TASK_FAILED', EXIT.failed],
    ['FL_CHECK_FAILED', EXIT.failed],
    ['FL_CONFIG_INVALID', EXIT.usage],
    ['FL_DAG_UNKNOWN', EXIT.usage],
    ['FL_STORE_UNFIT', EXIT.environment],
  ])('%s exits with %i', (code, exitCode) => {
    expect(exitCodeOf(new FlyerlineError(code, { subject: 'A', reason: 'b', remedy: 'c' }))).toBe(exitCode);
  });

  it('exits with 130 after an interruption and with 1 when nobody foresaw it', () => {
    expect(exitCodeOf(AbortSignal.abort().reason)).toBe(EXIT.interrupted);
    expect(exitCodeOf(new TypeError('x is undefined'))).toBe(EXIT.failed);
  });
});

describe('the command line', () => {
  it('prints the version of package.json', async () => {
    const { stdout } = await runFlyerline(['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends quietly when its reader goes away', async () => {
    const main = join(PROJECT_ROOT, 'cli/main.ts');
    const { stderr } = await runProgram('/bin/sh', [
      '-c',
      '"$1" "$2" --help | true',
      'sh',
      process.execPath,
      main,
    ]);
    expect(stderr.replace(/.*ExperimentalWarning.*\n.*--trace-warnings.*\n/, '')).toBe('');
  });
});

/** Runs `report` with what it writes taken down instead of printed. */
function captured(report: () => number): { exitCode: number; stderr: string } {
  const { write } = process.stderr;
  let stderr = '';
  process.stderr.write = (text: string | Uint8Array) => {
    stderr += text;
    return true;
  };
  try {
    const exitCode = report();
    return { exitCode, stderr };
  } finally {
    process.stderr.write = write;
  }
}
