/**
 * The process in which attempts run, one at a time: forked by a worker, kept warm, killed when an attempt must stop and does not.
 * It loads the DAGs and opens the services once. It ends with its worker.
 */
import { format } from 'node:util';
import { type AttemptOutcome, outcomeOfThrown } from '../engine/attempt-outcome.ts';
import type { Dag } from '../engine/dag.ts';
import { runAttempt } from '../engine/run-attempt.ts';
import { FlyerlineError } from '../infra/errors.ts';
import { createLogger, type Logger } from '../infra/log.ts';
import { type AttemptOrder, type FromChild, STOP_GRACE_MS, type ToChild } from './attempt-messages.ts';
import { loadPipelines, type Pipelines } from './load-pipelines.ts';

interface Opened {
  readonly pipelines: Pipelines;
  readonly services: unknown;
  readonly scratchDir: string;
  readonly log: Logger;
}

let opened: Opened | undefined;
let running: AbortController | undefined;

process.on('message', (message: ToChild) => {
  switch (message.type) {
    case 'open':
      open(message).catch((error: unknown) => {
        send({ type: 'unfit', message: error instanceof Error ? error.message : String(error) });
      });
      break;
    case 'run':
      run(message.order).then((outcome) => {
        flushLog();
        send({ type: 'outcome', outcome });
      });
      break;
    case 'abort':
      running?.abort(new Error(message.reason));
      break;
  }
});
// Whoever would hear the outcome is gone, and somebody else will run the attempt again.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; it is the worker's to decide what becomes of attempts.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

async function open(message: Extract<ToChild, { type: 'open' }>): Promise<void> {
  const { config, scratchDir } = message;
  const pipelines = await loadPipelines(message.pipelines);
  const services = await pipelines.createServices({ ...config, scratchDir });
  const log = createLogger({ level: config.log.level, format: 'json', write: writeLog });
  opened = { pipelines, services, scratchDir, log };
  logWhatIsPrinted(log);
  send({ type: 'ready' });
}

async function run(order: AttemptOrder): Promise<AttemptOutcome> {
  running = new AbortController();
  try {
    if (opened === undefined) throw new Error('an attempt came before the services were open');
    const { paramsJson, inputsJson, dagId, ...where } = order;
    const dag = findDag(opened.pipelines.dags, dagId);
    const request = { ...where, params: JSON.parse(paramsJson), inputs: JSON.parse(inputsJson) };
    return await runAttempt(dag, request, {
      services: opened.services,
      log: opened.log,
      scratchDir: opened.scratchDir,
      signal: running.signal,
      onProgress: (progress) => send({ type: 'progress', progress }),
      // Longer than the worker waits: an outcome always means that the task has ended and the process may be used again.
      graceMs: 10 * STOP_GRACE_MS,
    });
  } catch (error) {
    return outcomeOfThrown(error);
  } finally {
    running = undefined;
  }
}

function findDag(dags: readonly Dag[], dagId: string): Dag {
  const found = dags.find(({ id }) => id === dagId);
  if (found !== undefined) return found;
  throw new FlyerlineError('FL_DAG_UNKNOWN', {
    subject: `DAG "${dagId}"`,
    reason: 'is not registered in this worker',
    remedy: 'run workers with the version of the code that has it',
    retryable: false,
  });
}

/** Through the same channel as the log, so that lines arrive in order and before the outcome; a pipe would not promise that. */
function logWhatIsPrinted(log: Logger): void {
  for (const [method, level] of PRINTED) {
    console[method] = (...values: unknown[]) => log[level](format(...values));
  }
}
const PRINTED = [
  ['debug', 'debug'],
  ['log', 'info'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
] as const;

const LOG_FLUSH_MS = 100;
let lines: string[] = [];
let flushing: NodeJS.Timeout | undefined;

function writeLog(line: string): void {
  lines.push(line);
  flushing ??= setTimeout(flushLog, LOG_FLUSH_MS);
}

function flushLog(): void {
  clearTimeout(flushing);
  flushing = undefined;
  if (lines.length > 0) send({ type: 'log', lines });
  lines = [];
}

function send(message: FromChild): void {
  // Without a worker there is nobody to tell; 'disconnect' ends the process.
  if (process.connected) process.send!(message, undefined, {}, () => {});
}
