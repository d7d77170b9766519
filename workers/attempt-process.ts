/** One child process, seen from its worker: started warm, given one attempt at a time, killed when it must stop and does not. */
import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AttemptOutcome } from '../engine/attempt-outcome.ts';
import type { Progress } from '../engine/run-attempt.ts';
import type { Config } from '../infra/config.ts';
import { FlyerlineError } from '../infra/errors.ts';
import { type AttemptOrder, type FromChild, STOP_GRACE_MS, type ToChild } from './attempt-messages.ts';

export interface AttemptProcessOptions {
  readonly config: Config;
  /** Module with DAGs and services; see load-pipelines.ts. */
  readonly pipelines: string;
  /** Of this process alone; removed with it. */
  readonly scratchDir: string;
}

export interface AttemptListeners {
  readonly timeoutMs: number;
  /** Aborted when the attempt must stop: cancelled, or lost. Its outcome is of no interest any more. */
  readonly signal: AbortSignal;
  readonly onLog: (lines: readonly string[]) => void;
  readonly onProgress: (progress: Progress) => void;
}

const CHILD_MODULE = join(import.meta.dirname, 'attempt-child.ts');
const OPEN_TIMEOUT_MS = 60_000;
const LAST_LINES = 5;

/** Resolves when DAGs are loaded and services open. Throws FL_CONFIG_INVALID with the child's words when that fails. */
export async function startAttemptProcess(options: AttemptProcessOptions): Promise<AttemptProcess> {
  const started = new AttemptProcess(options.scratchDir);
  try {
    await started.open(options);
    return started;
  } catch (error) {
    await started.kill();
    throw error;
  }
}

export class AttemptProcess {
  readonly #child: ChildProcess;
  readonly #scratchDir: string;
  readonly #exited: Promise<void>;
  /** How it ended: a signal or an exit code. */
  #end: string | undefined;
  /** Whoever waits for the child's next words: the opening, or an attempt. */
  #onMessage: (message: FromChild) => void = () => {};
  #onExit: (how: string) => void = () => {};
  readonly #lastLines: string[] = [];

  constructor(scratchDir: string) {
    this.#scratchDir = scratchDir;
    this.#child = fork(CHILD_MODULE, [], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // As the launcher starts Node.
      execArgv: ['--disable-warning=ExperimentalWarning', '--initial-heap-size=128'],
    });
    // A worker that ends without a word takes its children along.
    const killNow = () => this.#child.kill('SIGKILL');
    process.once('exit', killNow);
    this.#exited = new Promise((resolve) => {
      const onEnd = (how: string) => {
        this.#end = how;
        process.off('exit', killNow);
        this.#onExit(how);
        resolve();
      };
      this.#child.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`));
      this.#child.once('error', (error) => onEnd(error.message));
    });
    this.#child.on('message', (message: FromChild) => this.#onMessage(message));
    // What a task prints belongs to the log of its attempt.
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
        this.#onMessage({ type: 'log', lines: [line] });
      });
    }
  }

  /** Whether it can take an attempt. */
  get alive(): boolean {
    return this.#end === undefined && this.#child.connected;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async open({ config, pipelines, scratchDir }: AttemptProcessOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const timer = setTimeout(
      () => resolve(`it did not get ready within ${OPEN_TIMEOUT_MS} ms`),
      OPEN_TIMEOUT_MS,
    );
    this.#onExit = (how) => resolve(`it ended (${how}) ${this.#lastLines.join(' | ')}`.trimEnd());
    this.#onMessage = (message) => {
      if (message.type === 'ready') resolve(undefined);
      if (message.type === 'unfit') resolve(message.message);
    };
    this.#tell({ type: 'open', config, pipelines, scratchDir });
    const problem = await promise;
    clearTimeout(timer);
    if (problem === undefined) return;
    throw new FlyerlineError('FL_CONFIG_INVALID', {
      subject: 'The process that runs attempts',
      reason: `cannot start: ${problem}`,
      remedy: 'correct the configuration or the DAGs it loads',
    });
  }

  /** Runs one attempt. Never throws: a process that dies or is killed makes a failure, too. */
  async run(order: AttemptOrder, listeners: AttemptListeners): Promise<AttemptOutcome> {
    const { timeoutMs, signal, onLog, onProgress } = listeners;
    const { promise, resolve } = Promise.withResolvers<AttemptOutcome>();
    let timedOut = false;
    let killing: NodeJS.Timeout | undefined;
    // The child stops the task itself when its time is up; one whose event loop is blocked cannot.
    const timer = setTimeout(() => {
      timedOut = true;
      this.#child.kill('SIGKILL');
    }, timeoutMs + STOP_GRACE_MS);
    const stop = () => {
      this.#tell({ type: 'abort', reason: String(signal.reason?.message ?? signal.reason) });
      killing = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
    };
    this.#onExit = (how) => resolve(outcomeOfExit(how, order.taskId, timedOut ? timeoutMs : undefined));
    this.#onMessage = (message) => {
      if (message.type === 'outcome') resolve(message.outcome);
      else if (message.type === 'log') onLog(message.lines);
      else if (message.type === 'progress') onProgress(message.progress);
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (this.#end !== undefined) this.#onExit(this.#end);
      else this.#tell({ type: 'run', order });
      if (signal.aborted) stop();
      return await promise;
    } finally {
      clearTimeout(timer);
      clearTimeout(killing);
      signal.removeEventListener('abort', stop);
      this.#onMessage = () => {};
      this.#onExit = () => {};
    }
  }

  /** Ends the process at once and removes its scratch directory. Safe to call twice. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    await rm(this.#scratchDir, { recursive: true, force: true }).catch(() => {});
  }

  #tell(message: ToChild): void {
    // A child that is gone is noticed by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

/** @param timeoutMs of the attempt, when that is why it was killed */
function outcomeOfExit(how: string, taskId: string, timeoutMs: number | undefined): AttemptOutcome {
  const error =
    timeoutMs === undefined
      ? {
          code: 'FL_TASK_FAILED',
          message: `The process of task "${taskId}" ended before the task did (${how}).`,
        }
      : {
          code: 'FL_TASK_TIMEOUT',
          message: `Task "${taskId}" took longer than ${timeoutMs} ms and was killed.`,
        };
  return { kind: 'failure', error, retryable: true };
}
