/** What can happen to a run, and what the core asks of the world in return. Time and randomness come with the event. */
import type { InstanceKey, TaskError } from './run-model.ts';
import type { RunState as RunPhase } from './states.ts';

/** Names one attempt. `token` proves that the sender is the one who claimed it (fencing). */
export interface AttemptKey extends InstanceKey {
  readonly attempt: number;
}
export interface HeldAttempt extends AttemptKey {
  readonly token: string;
}

export type RunEvent =
  /** Begins a queued run. */
  | { readonly type: 'start'; readonly nowMs: number }
  /** The transport has the job: `scheduled`, `up_for_…` → `queued`. For the eye only; a claim does not need it. */
  | ({ readonly type: 'enqueued' } & AttemptKey)
  /** A worker takes the attempt. Repeating a claim with its token is no error (its reply may have been lost). */
  | ({
      readonly type: 'claim';
      readonly worker?: string;
      readonly leaseMs: number;
      readonly nowMs: number;
    } & HeldAttempt)
  | ({ readonly type: 'heartbeat'; readonly leaseMs: number; readonly nowMs: number } & HeldAttempt)
  /** The lease has run out without a sign of life. */
  | ({ readonly type: 'expire'; readonly random: number; readonly nowMs: number } & AttemptKey)
  | ({
      readonly type: 'finish';
      readonly result?: unknown;
      readonly listLength?: number;
      readonly shortCircuit?: string;
      readonly notFollowed?: readonly string[];
      readonly nowMs: number;
    } & HeldAttempt)
  /** `delayMs`: the thrower's own choice; else the policy's backoff, with `random` in [0, 1) for its jitter. */
  | ({
      readonly type: 'fail';
      readonly error: TaskError;
      readonly retryable: boolean;
      readonly delayMs?: number;
      readonly random: number;
      readonly nowMs: number;
    } & HeldAttempt)
  /** The task says that there is nothing for it to do. */
  | ({ readonly type: 'skip'; readonly note: string; readonly nowMs: number } & HeldAttempt)
  /** A sensor gives its worker back until the next poke; fails instead when it would wait longer than `timeoutMs` in all. */
  | ({
      readonly type: 'reschedule';
      readonly delayMs: number;
      readonly timeoutMs?: number;
      readonly note: string;
      readonly nowMs: number;
    } & HeldAttempt)
  /** Ends the run as failed: what runs is killed and fails, what has not begun is skipped. */
  | { readonly type: 'cancel'; readonly reason: string; readonly nowMs: number }
  /** Sets tasks back to before their first attempt, and whatever in flight reads from them; the run goes on. */
  | { readonly type: 'clear'; readonly targets: readonly ClearTarget[]; readonly nowMs: number }
  /** Ends a task or one of its instances by hand. A success may bring its result. */
  | {
      readonly type: 'mark';
      readonly taskId: string;
      /** All instances when absent. */
      readonly mapIndex?: number;
      /** Leave alone what has ended. */
      readonly openOnly?: boolean;
      readonly state: 'success' | 'failed' | 'skipped';
      readonly note: string;
      readonly result?: unknown;
      readonly listLength?: number;
      readonly nowMs: number;
    };

export type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>;

export interface ClearTarget {
  readonly taskId: string;
  /**
   * Only these instances of a mapped task. All when absent, or when its expansion does not stand any more: a task before it is
   * cleared with it, has not ended, has ended so that the task may not run, or has made a list of another length.
   */
  readonly mapIndices?: readonly number[];
}

/**
 * In the order in which they arise. One transition emits, in this order: `kill` and `unschedule` of the instances it ends or
 * resets (topological order, then map index), then whatever follows: a finished task emits `task-finished` when it is finished;
 * its downstream tasks are looked at in topological order, each emits `schedule` (by map index) or finishes without running and
 * is put at the end of the queue of finished tasks (first in, first out); `run-…` come last, `run-reopened` first of all.
 */
export type Effect =
  | { readonly type: 'run-started' }
  | { readonly type: 'run-reopened' }
  /** Put the attempt in the outbox: a worker may claim it from `dueMs` on. */
  | ({ readonly type: 'schedule'; readonly dueMs: number } & AttemptKey)
  /** Take the attempt out of the outbox, if it is still there; a claim of it would be refused anyway. */
  | ({ readonly type: 'unschedule' } & AttemptKey)
  /** Stop the attempt's process; whatever it reports is refused. */
  | ({ readonly type: 'kill' } & HeldAttempt)
  | {
      readonly type: 'task-finished';
      readonly taskId: string;
      readonly state: 'success' | 'failed' | 'upstream_failed' | 'skipped';
    }
  | { readonly type: 'run-finished'; readonly state: RunPhase };

/** Why an event changed nothing. */
export type Refusal =
  /** The run has no such task or instance. */
  | 'unknown-instance'
  /** Not the current attempt, or not its token: somebody else owns the instance now, or it has been cleared. */
  | 'stale-attempt'
  /** The current attempt, but it is not waiting to be claimed, or not running. */
  | 'wrong-state'
  /** The lease has been extended meanwhile. */
  | 'not-expired'
  /** The run has not started, has ended, or is cancelled. */
  | 'run-not-running';
