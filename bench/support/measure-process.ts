/** Runs a program as a child process and measures it, its own children included. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ProcessCosts, processTree, readCosts } from './process-tree.ts';

/** Undefined: this system does not tell (it has no /proc). */
export interface ProcessFigures {
  /** From the start of the process to its end. */
  readonly wallMs: number;
  /** User and system time of all processes. */
  readonly cpuMs: number;
  /** Of the largest single process. */
  readonly peakRssBytes: number | undefined;
  /** Handed to the system for writing, to files and pipes, by all processes. */
  readonly bytesWritten: number | undefined;
}

export interface MeasuredProcess {
  readonly figures: ProcessFigures;
  /** 128 + number of the signal when one ended it, as shells have it. */
  readonly exitCode: number;
  readonly isTimedOut: boolean;
  readonly stdout: string;
  /** The last 16 KiB. */
  readonly stderr: string;
}

export interface MeasureOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** After that, all processes are killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * A shell around the program knows, once it has ended, what it and its descendants cost: `times` counts the CPU time of
 * processes that were waited for, and so does the kernel with what they wrote.
 */
const WRAPPER = '"$@"; code=$?; times >&3; cat /proc/$$/io >&3 2>/dev/null; exit $code';
const SAMPLE_MS = 50;
const STDERR_MAX = 16 * 1024;

export async function measureProcess(
  command: readonly string[],
  options: MeasureOptions,
): Promise<MeasuredProcess> {
  options.signal?.throwIfAborted();
  const startMs = performance.now();
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'sh', ...command], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own, so that all of it can be killed.
    detached: true,
  });
  const guard = guardProcess(child, options);
  const samples = sampleTree(child.pid);
  try {
    const ended = once(child, 'exit').then(([code, signal]) => {
      const wallMs = performance.now() - startMs;
      // A process that outlives the program, such as a JVM, would keep the pipes open.
      guard.kill();
      return { wallMs, exitCode: (code as number | null) ?? (signal === 'SIGKILL' ? 137 : 143) };
    });
    const [stdout, stderr, costs, { exitCode, wallMs }] = await Promise.all([
      text(child.stdout!),
      tail(child.stderr!),
      text(child.stdio[3] as Readable),
      ended,
    ]);
    options.signal?.throwIfAborted();
    const figures = { wallMs, ...samples.figures(parseCosts(costs)) };
    return { figures, exitCode, isTimedOut: guard.isTimedOut(), stdout, stderr };
  } finally {
    samples.stop();
    guard.stop();
  }
}

/** Kills the process group when time is up, when the caller gives up, or when this process exits. */
function guardProcess(child: ChildProcess, { timeoutMs, signal }: MeasureOptions) {
  let isTimedOut = false;
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  };
  const timer = setTimeout(() => {
    isTimedOut = true;
    kill();
  }, timeoutMs);
  signal?.addEventListener('abort', kill);
  process.on('exit', kill);
  return {
    kill,
    isTimedOut: () => isTimedOut,
    stop() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      process.off('exit', kill);
    },
  };
}

/**
 * Looks at all processes again and again. The kernel keeps each one's greatest resident set, so only what a process gains
 * right before its end can be missed; and of a process that nobody waits for, these are the only figures.
 */
function sampleTree(rootPid: number | undefined) {
  const latest = new Map<number, ProcessCosts>();
  const sample = () => {
    for (const pid of rootPid === undefined ? [] : processTree(rootPid)) {
      // The shell around the program is charged with what it has waited for: that would count twice.
      if (pid === rootPid) continue;
      const costs = readCosts(pid);
      if (costs !== undefined) latest.set(pid, costs);
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop: () => clearInterval(timer),
    figures(waitedFor: { readonly cpuMs: number; readonly bytesWritten: number | undefined }) {
      const seen = [...latest.values()];
      const total = (name: 'cpuMs' | 'bytesWritten') => seen.reduce((sum, costs) => sum + costs[name], 0);
      return {
        cpuMs: Math.max(waitedFor.cpuMs, total('cpuMs')),
        peakRssBytes: seen.length === 0 ? undefined : Math.max(...seen.map((costs) => costs.peakRssBytes)),
        bytesWritten:
          waitedFor.bytesWritten === undefined
            ? undefined
            : Math.max(waitedFor.bytesWritten, total('bytesWritten')),
      };
    },
  };
}

/** Of `0m1.234s 0m0.056s` twice, the shell's own and its children's, and lines like `wchar: 4096`. */
function parseCosts(costs: string): { cpuMs: number; bytesWritten: number | undefined } {
  const times = [...costs.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => (Number(minutes) * 60 + Number(seconds)) * 1000,
  );
  const written = /^wchar: (\d+)$/m.exec(costs)?.[1];
  return {
    cpuMs: (times[2] ?? 0) + (times[3] ?? 0),
    bytesWritten: written === undefined ? undefined : Number(written),
  };
}

async function tail(stream: Readable): Promise<string> {
  let kept = '';
  for await (const piece of stream.setEncoding('utf8')) kept = (kept + piece).slice(-STDERR_MAX);
  return kept;
}
