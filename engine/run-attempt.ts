/** Executes one attempt of a task: gives it its context, waits no longer than it may take, and says how it ended. Never throws. */
import { addAbortListener } from 'node:events';
import { FlyerlineError } from '../infra/errors.ts';
import type { Logger } from '../infra/log.ts';
import { type AttemptOutcome, outcomeOfThrown } from './attempt-outcome.ts';
import { checkInputs, checkResult, inOrder } from './attempt-values.ts';
import type { AnyTask, Dag } from './dag.ts';
import { indexGraph } from './graph.ts';
import { paramsFor, type RunParams } from './params.ts';
import { lazyScratch } from './scratch.ts';
import { startSteering } from './steering.ts';
import type { IntervalIso, TaskContext } from './task-context.ts';

/** All that an attempt needs to know; plain JSON, so that it can be sent to a child process. */
export interface AttemptRequest {
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  /** 1 when the task is not mapped. */
  readonly mapCount: number;
  readonly attempt: number;
  readonly interval: IntervalIso;
  readonly day: string;
  /** As `parseRunParams` gave them. */
  readonly params: RunParams;
  /** As `collectInputs` gave them. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface AttemptEnvironment<Services> {
  readonly services: Services;
  readonly log: Logger;
  /** Root of the attempts' scratch directories; made when missing. */
  readonly scratchDir: string;
  /** Aborted when the attempt is cancelled or has lost its lease; its reason is what the task sees. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** How long a task that was told to stop may take to do so before it is given up. @default 5000 */
  readonly graceMs?: number;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}

/**
 * In this process a task that ignores its signal cannot be stopped: it is reported as failed after the grace time and may run
 * on. Workers run attempts in child processes, which they kill.
 */
export async function runAttempt<Services>(
  dag: Dag<Services>,
  request: AttemptRequest,
  environment: AttemptEnvironment<Services>,
): Promise<AttemptOutcome> {
  const { taskId, mapIndex, attempt } = request;
  const log = environment.log.child({ dagId: dag.id, runId: request.runId, taskId, mapIndex, attempt });
  const scratch = lazyScratch(environment.scratchDir, `${taskId}-${Math.max(0, mapIndex)}-`);
  try {
    return await execute(dag, request, environment, log, scratch);
  } catch (error) {
    const outcome = outcomeOfThrown(error);
    if (outcome.kind === 'failure') log.error('The attempt failed.', { error });
    return outcome;
  } finally {
    await scratch.remove(log);
  }
}

async function execute<Services>(
  dag: Dag<Services>,
  request: AttemptRequest,
  environment: AttemptEnvironment<Services>,
  log: Logger,
  scratch: { readonly path: string },
): Promise<AttemptOutcome> {
  const definition = dag.definitions.get(request.taskId);
  const node = indexGraph(dag.graph).node.get(request.taskId);
  if (definition === undefined || node === undefined) throw unknownTask(dag, request.taskId);
  checkInputs(dag, node, definition, request.inputs);
  const steering = startSteering(dag, node);
  const stop = new AbortController();
  const signal = environment.signal ? AbortSignal.any([environment.signal, stop.signal]) : stop.signal;
  const { inputs, params: _params, ...where } = request;
  const ctx: TaskContext<Services, unknown> = {
    ...where,
    dagId: dag.id,
    params: paramsFor(definition, request.params),
    services: environment.services,
    signal,
    log,
    get scratchDir() {
      return scratch.path;
    },
    shortCircuit: steering.shortCircuit,
    branch: steering.branch,
    progress: (done, total, note) =>
      environment.onProgress?.(note === undefined ? { done, total } : { done, total, note }),
  };
  const made = await withinTime(definition, ctx, inOrder(node, inputs), {
    timeoutMs: node.timeoutMs,
    graceMs: environment.graceMs ?? 5000,
    stop,
  });
  return { kind: 'success', ...checkResult(dag, node, made), ...steering.outcome() };
}

/** Runs the task until it ends, its time is up or it is aborted; then asks it to stop and waits for the grace time. */
async function withinTime(
  definition: AnyTask,
  ctx: TaskContext<unknown, unknown>,
  inputs: Readonly<Record<string, unknown>>,
  limit: { readonly timeoutMs: number; readonly graceMs: number; readonly stop: AbortController },
): Promise<unknown> {
  ctx.signal.throwIfAborted();
  let timer = setTimeout(() => limit.stop.abort(timedOut(ctx.taskId, limit.timeoutMs)), limit.timeoutMs);
  const { promise: aborted, resolve: abort } = Promise.withResolvers<'aborted'>();
  const listener = addAbortListener(ctx.signal, () => abort('aborted'));
  const running = (async () => definition.run(ctx, inputs as never))();
  try {
    const first = await Promise.race([running.then((value: unknown) => ({ value })), aborted]);
    if (first !== 'aborted') return first.value;
    clearTimeout(timer);
    const { promise: late, resolve: giveUp } = Promise.withResolvers<'late'>();
    timer = setTimeout(() => giveUp('late'), limit.graceMs);
    const settled = running.then(noop, noop);
    if ((await Promise.race([settled, late])) === 'late') {
      ctx.log.warn('The task was told to stop and has not; it is left to itself.', {
        graceMs: limit.graceMs,
      });
    }
    throw ctx.signal.reason;
  } finally {
    clearTimeout(timer);
    listener[Symbol.dispose]();
  }
}

function noop(): void {}

function timedOut(taskId: string, timeoutMs: number): FlyerlineError {
  return new FlyerlineError('FL_TASK_TIMEOUT', {
    subject: `Task "${taskId}"`,
    reason: `took longer than ${timeoutMs} ms`,
    remedy: 'give it more time (timeoutMs) or less work',
  });
}

function unknownTask(dag: Dag, taskId: string): FlyerlineError {
  return new FlyerlineError('FL_DAG_UNKNOWN', {
    subject: `DAG "${dag.id}"`,
    reason: `has no task "${taskId}"`,
    remedy: 'run the version of the code that the run began with',
    retryable: false,
  });
}
