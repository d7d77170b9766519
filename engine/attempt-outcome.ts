/** How an attempt ended, as plain JSON: what a child process tells its worker, and what the state machine is told. */
import { isFlyerlineError } from '../infra/errors.ts';
import { redact } from '../infra/redact.ts';
import type { HeldAttempt, RunEvent } from './run-events.ts';
import type { TaskError } from './run-model.ts';
import { RescheduleTask, RetryLater, SkipTask } from './signals.ts';

export type AttemptOutcome =
  | {
      readonly kind: 'success';
      readonly result?: unknown;
      /** Length of the result of a task that is not mapped, when it is a list. */
      readonly listLength?: number;
      readonly shortCircuit?: string;
      readonly notFollowed?: readonly string[];
    }
  | {
      readonly kind: 'failure';
      readonly error: TaskError;
      readonly retryable: boolean;
      readonly delayMs?: number;
    }
  | { readonly kind: 'skip'; readonly note: string }
  | {
      readonly kind: 'reschedule';
      readonly delayMs: number;
      readonly timeoutMs?: number;
      readonly note: string;
    };

/** Messages are kept in the run's state; the whole error, with its causes, is in the log of the attempt. */
const MESSAGE_LENGTH_MAX = 2000;

/** What a thrown value means. An error with `retryable: false` is not tried again. */
export function outcomeOfThrown(thrown: unknown): AttemptOutcome {
  if (thrown instanceof SkipTask) return { kind: 'skip', note: thrown.message };
  if (thrown instanceof RescheduleTask) {
    const { delayMs, timeoutMs, message: note } = thrown;
    return { kind: 'reschedule', delayMs, note, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  }
  const code = isFlyerlineError(thrown) ? thrown.code : 'FL_TASK_FAILED';
  // What a library says of its connection has not been through the log, which hides secrets.
  const text = redact(thrown instanceof Error ? thrown.message || thrown.name : String(thrown));
  const message = text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)}…` : text;
  const final =
    typeof thrown === 'object' && thrown !== null && 'retryable' in thrown && thrown.retryable === false;
  const delay = thrown instanceof RetryLater ? { delayMs: thrown.delayMs } : {};
  return { kind: 'failure', error: { code, message }, retryable: !final, ...delay };
}

/** The event that reports an outcome. `random` is in [0, 1). */
export function toEvent(
  held: HeldAttempt,
  outcome: AttemptOutcome,
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): RunEvent {
  const at = { ...held, nowMs };
  switch (outcome.kind) {
    case 'success':
      return { type: 'finish', ...at, ...withoutKind(outcome) };
    case 'failure':
      return { type: 'fail', ...at, random, ...withoutKind(outcome) };
    case 'skip':
      return { type: 'skip', ...at, ...withoutKind(outcome) };
    case 'reschedule':
      return { type: 'reschedule', ...at, ...withoutKind(outcome) };
  }
}

function withoutKind<O extends AttemptOutcome>({ kind: _kind, ...report }: O): Omit<O, 'kind'> {
  return report;
}
