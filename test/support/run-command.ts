/** Runs a program to its end and takes down what it says. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** @default 120_000 */
  readonly timeoutMs?: number;
}

const OUTPUT_BYTES_MAX = 64 * 1024 ** 2;

/** A failing program is no error here: its exit code is part of the result. A timeout gives exit code 124. */
export function runProgram(
  path: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const { cwd, env = process.env, timeoutMs: timeout = 120_000 } = options;
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  execFile(
    path,
    args,
    { cwd, env, timeout, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX },
    (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 124;
      resolve({ exitCode, stdout, stderr });
    },
  );
  return promise;
}

/** `./flyerline …` without the launcher, on this same Node. */
export function runFlyerline(args: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const main = join(PROJECT_ROOT, 'cli/main.ts');
  return runProgram(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], options);
}
