/** Runs a development tool of node_modules as a child process and collects what it says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PROJECT_ROOT } from '../project-root.ts';

export interface ToolRun {
  readonly exitCode: number;
  /** stdout and stderr, as they came. */
  readonly output: string;
  readonly durationMs: number;
}

export interface ToolOptions {
  /** Beyond it the tool is killed, and the run counts as failed. */
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Hears what the tool sends with `process.send`. */
  readonly onMessage?: (message: unknown) => void;
}

const OUTPUT_CHARACTERS_MAX = 4 * 1024 ** 2;

/** @param args script and arguments for this same Node. */
export async function runTool(args: readonly string[], options: ToolOptions): Promise<ToolRun> {
  const startedAtMs = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: PROJECT_ROOT,
    env: { ...(options.env ?? process.env), ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
    });
  }
  if (options.onMessage !== undefined) child.on('message', options.onMessage);
  const timer = setTimeout(() => {
    output += `\nKilled: still running after ${options.timeoutMs / 1000} s.\n`;
    child.kill('SIGKILL');
  }, options.timeoutMs);
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode: exitCode ?? 1, output, durationMs: performance.now() - startedAtMs };
  } finally {
    clearTimeout(timer);
  }
}
