/** What a worker does with a job: it claims the attempt, runs it, reports its end, and goes on with the next ready one. */
import { parseAttemptId } from '../engine/attempt-id.ts';
import type { AttemptOutcome } from '../engine/attempt-outcome.ts';
import type {
  AttemptStore,
  ClaimedAttempt,
  HeldAttempt,
  NextOrder,
  Reported,
} from '../engine/attempt-store.ts';
import type { AttemptLogs } from '../engine/redis-logs.ts';
import type { Logger } from '../infra/log.ts';
import type { AttemptPool } from './attempt-pool.ts';
import type { AttemptProcess } from './attempt-process.ts';
import type { HeldAttempts } from './held-attempts.ts';

export interface AttemptRunner {
  readonly store: AttemptStore;
  readonly pool: AttemptPool;
  readonly held: HeldAttempts;
  readonly logs: AttemptLogs;
  readonly log: Logger;
  readonly worker: string;
  readonly queues: readonly string[];
  readonly drawToken: () => string;
  readonly leaseMs: number;
  /** Keeps the runs that a task asks for, if its result asks for any. */
  readonly keepRequests: (from: { dagId: string; runId: string }, result: unknown) => Promise<void>;
  /** It takes no new attempts: what runs is the last. */
  readonly draining: boolean;
  /** For crash drills: called with the name of each step when it is done. */
  readonly onStep?: ((step: AttemptStep) => void) | undefined;
}

/** A job has come; its attempt is claimed; the task has ended; its end has been reported. */
export const ATTEMPT_STEPS = ['job-taken', 'claimed', 'ended', 'reported'] as const;
export type AttemptStep = (typeof ATTEMPT_STEPS)[number];

interface Claim {
  readonly claimed: ClaimedAttempt;
  readonly token: string;
}

/** A job whose attempt is not to be had (taken, done, cancelled, cleared) is no error: nothing happens. */
export async function runClaimed(runner: AttemptRunner, attemptId: string): Promise<void> {
  const { store, pool, worker, leaseMs, log } = runner;
  // First a process, then the claim: an attempt must not wait for one while its lease runs.
  let child = await pool.acquire();
  try {
    runner.onStep?.('job-taken');
    const token = runner.drawToken();
    const claimed = await store.claim(attemptId, { token, worker, leaseMs });
    if (claimed.refusal !== undefined) {
      log.debug('A job was not needed any more.', { attemptId, refusal: claimed.refusal });
      return;
    }
    for (let claim: Claim | undefined = { claimed, token }; claim !== undefined; ) {
      if (!child.alive) {
        pool.release(child);
        child = await pool.acquire();
      }
      claim = await runOne(runner, child, claim);
    }
  } finally {
    pool.release(child);
  }
}

/** Returns the attempt that was taken with the report. */
async function runOne(
  runner: AttemptRunner,
  child: AttemptProcess,
  { claimed, token }: Claim,
): Promise<Claim | undefined> {
  const { attemptId, splitsResult, timeoutMs } = claimed;
  const attempt: HeldAttempt = { attemptId, token, splitsResult };
  const hold = runner.held.hold(attempt);
  runner.onStep?.('claimed');
  try {
    const outcome = await child.run(orderOf(claimed), {
      timeoutMs,
      signal: hold.signal,
      onLog: (lines) => void keepLog(runner, attemptId, lines),
      onProgress: hold.report,
    });
    if (hold.signal.aborted) return undefined;
    hold.settle();
    runner.onStep?.('ended');
    const next = await report(runner, claimed, attempt, outcome);
    runner.onStep?.('reported');
    return next;
  } finally {
    hold.release();
  }
}

function orderOf(claimed: ClaimedAttempt) {
  const { dagId, runId, taskId, mapCount, interval, day, paramsJson, inputsJson } = claimed;
  const { mapIndex, attempt } = parseAttemptId(claimed.attemptId)!;
  return { dagId, runId, taskId, mapIndex, mapCount, attempt, interval, day, paramsJson, inputsJson };
}

async function report(
  runner: AttemptRunner,
  { dagId, runId, taskId }: ClaimedAttempt,
  attempt: HeldAttempt,
  outcome: AttemptOutcome,
): Promise<Claim | undefined> {
  const { log, queues, worker, leaseMs } = runner;
  // First the requests, then the end: should this worker die in between, another attempt asks for the same runs again.
  if (outcome.kind === 'success') await runner.keepRequests({ dagId, runId }, outcome.result);
  const token = runner.drawToken();
  const order = runner.draining ? undefined : { queues, token, worker, leaseMs };
  const { refusal, next } = await tellStore(runner.store, attempt, outcome, order);
  const where = { dagId, runId, taskId, attemptId: attempt.attemptId };
  if (refusal !== undefined) log.warn('The end of an attempt came too late.', { ...where, refusal });
  else if (outcome.kind === 'failure') log.warn('An attempt has failed.', { ...where, error: outcome.error });
  else log.debug('An attempt has ended.', { ...where, outcome: outcome.kind });
  return next === undefined ? undefined : { claimed: next, token };
}

function tellStore(
  store: AttemptStore,
  attempt: HeldAttempt,
  outcome: AttemptOutcome,
  next: NextOrder | undefined,
): Promise<Reported> {
  switch (outcome.kind) {
    case 'success':
      return store.finish(attempt, outcome, next);
    case 'failure':
      return store.fail(attempt, outcome, next);
    case 'skip':
      return store.skip(attempt, outcome.note, next);
    case 'reschedule':
      return store.reschedule(attempt, outcome, next);
  }
}

/** A log is a help, not a duty: an attempt does not fail for it. */
async function keepLog(
  { logs, log }: AttemptRunner,
  attemptId: string,
  lines: readonly string[],
): Promise<void> {
  try {
    await logs.append(attemptId, lines);
  } catch (error) {
    log.warn('Lines of a log could not be kept.', { attemptId, error });
  }
}
