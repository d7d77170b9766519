/** Commands as a user starts them, each a process of its own, with a lake and drops of the benchmark and nothing of the machine's. */
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { measureProcess } from '../support/measure-process.ts';

export interface RunCommand {
  readonly lake: string;
  readonly drops: string;
  readonly scratch: string;
  readonly redis?: { readonly url: string; readonly prefix: string };
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 20 * 60_000;

/** What it prints with `--json`. Throws with its last words when it fails. */
export async function command<T>(run: RunCommand, ...args: readonly string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await measureProcess(
    [join(PROJECT_ROOT, 'flyerline'), ...args, '--json'],
    {
      cwd: run.lake.replace(/\/[^/]+$/, ''),
      env: environmentOf(run),
      timeoutMs: TIMEOUT_MS,
      signal: run.signal,
    },
  );
  if (exitCode === 0) return JSON.parse(stdout) as T;
  throw new Error(
    `flyerline ${args.join(' ')} ended with ${exitCode}: ${stdout.slice(-500)}${stderr.slice(-500)}`,
  );
}

/** Settings of the machine must not change what is measured. */
export function environmentOf({ lake, drops, scratch, redis }: RunCommand): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('FLYERLINE_'));
  return {
    ...Object.fromEntries(others),
    FLYERLINE_LAKE: lake,
    FLYERLINE_DROPS: drops,
    FLYERLINE_SCRATCH_DIR: scratch,
    FLYERLINE_LOG_LEVEL: 'warn',
    ...(redis === undefined ? {} : { FLYERLINE_REDIS_URL: redis.url, FLYERLINE_REDIS_PREFIX: redis.prefix }),
  };
}
