/** Runs `flyerline` commands as a user's shell would, without the launcher's set-up. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 240_000;

/** Never throws for a command that fails: look at `exitCode`. */
export function flyerline(
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    /** Of the project whose command it is. @default this one */
    readonly root?: string;
  } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(options.root ?? PROJECT_ROOT, 'cli/main.ts'), ...args],
      {
        cwd: options.cwd ?? PROJECT_ROOT,
        env: { ...process.env, NO_COLOR: '1', ...options.env },
        timeout: TIMEOUT_MS,
        maxBuffer: 64 * 1024 ** 2,
      },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ exitCode, stdout, stderr });
      },
    );
  });
}

/** The one JSON object that a command prints with `--json`. Throws with what it printed when it failed. */
export async function flyerlineJson<T>(
  args: readonly string[],
  options: Parameters<typeof flyerline>[1] = {},
): Promise<T> {
  const { exitCode, stdout, stderr } = await flyerline([...args, '--json'], options);
  if (exitCode === 0) return JSON.parse(stdout) as T;
  throw new Error(`flyerline ${args.join(' ')} ended with ${exitCode}\n${stdout}${stderr}`);
}
