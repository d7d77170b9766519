/** What attempts do to a run: they are claimed, show signs of life, end well or badly, or are lost. */
import { propagate } from './propagate.ts';
import { lossDelayMs, mayRetry, retryDelayMs } from './retry.ts';
import type { RunDraft } from './run-draft.ts';
import type { AttemptKey, EventOf, HeldAttempt, Refusal } from './run-events.ts';
import { positionOf, type TaskError, type TaskInstance } from './run-model.ts';
import { endInstance } from './settle.ts';
import type { TaskState } from './states.ts';

const CLAIMABLE: ReadonlySet<TaskState> = new Set([
  'scheduled',
  'queued',
  'up_for_retry',
  'up_for_reschedule',
]);

export function markEnqueued(draft: RunDraft, event: EventOf<'enqueued'>): Refusal | undefined {
  const instance = currentInstance(draft, event);
  if (typeof instance === 'string') return instance;
  if (!CLAIMABLE.has(instance.state)) return 'wrong-state';
  if (instance.state !== 'queued') draft.putInstance(event.taskId, { ...instance, state: 'queued' });
}

export function claim(draft: RunDraft, event: EventOf<'claim'>): Refusal | undefined {
  if (draft.run.state !== 'running') return 'run-not-running';
  const instance = currentInstance(draft, event);
  if (typeof instance === 'string') return instance;
  if (instance.state === 'running' && instance.token === event.token) return;
  if (!CLAIMABLE.has(instance.state)) return 'wrong-state';
  const { dueMs: _due, note: _note, worker: _worker, ...kept } = instance;
  draft.putInstance(event.taskId, {
    ...kept,
    state: 'running',
    token: event.token,
    ...(event.worker === undefined ? {} : { worker: event.worker }),
    leaseUntilMs: event.nowMs + event.leaseMs,
    startedAtMs: event.nowMs,
    firstStartedAtMs: instance.firstStartedAtMs ?? event.nowMs,
  });
}

export function heartbeat(draft: RunDraft, event: EventOf<'heartbeat'>): Refusal | undefined {
  const instance = heldInstance(draft, event);
  if (typeof instance === 'string') return instance;
  draft.putInstance(event.taskId, { ...instance, leaseUntilMs: event.nowMs + event.leaseMs });
}

export function expire(draft: RunDraft, event: EventOf<'expire'>): Refusal | undefined {
  const instance = currentInstance(draft, event);
  if (typeof instance === 'string') return instance;
  if (instance.state !== 'running') return 'wrong-state';
  if (instance.leaseUntilMs! > event.nowMs) return 'not-expired';
  const { retry } = draft.node(event.taskId);
  const losses = instance.losses + 1;
  const error = {
    code: 'FL_LEASE_LOST',
    message: `Attempt ${instance.attempt} gave no sign of life${instance.worker ? ` on worker "${instance.worker}"` : ''}`,
  };
  const lost = { ...withoutLease(instance), losses, error };
  if (losses > retry.lossesMax) failFor(draft, event.taskId, lost, event.nowMs);
  else
    tryAgain(
      draft,
      event.taskId,
      lost,
      'up_for_retry',
      event.nowMs + lossDelayMs(retry, losses, event.random),
    );
}

export function finish(draft: RunDraft, event: EventOf<'finish'>): Refusal | undefined {
  const instance = heldInstance(draft, event);
  if (instance === 'wrong-state' && isRepeated(draft, event, 'success')) return;
  if (typeof instance === 'string') return instance;
  const { error: _error, ...kept } = withoutLease(instance);
  const { result, listLength, shortCircuit, notFollowed, nowMs } = event;
  end(draft, event.taskId, nowMs, {
    ...kept,
    state: 'success',
    endedAtMs: nowMs,
    ...(result === undefined ? {} : { result }),
    ...(listLength === undefined ? {} : { listLength }),
    ...(shortCircuit === undefined ? {} : { shortCircuit }),
    ...(notFollowed === undefined || notFollowed.length === 0 ? {} : { notFollowed }),
  });
}

export function fail(draft: RunDraft, event: EventOf<'fail'>): Refusal | undefined {
  const instance = heldInstance(draft, event);
  if (typeof instance === 'string') return instance;
  const { retry } = draft.node(event.taskId);
  const failures = instance.failures + 1;
  const failed = { ...withoutLease(instance), failures, error: event.error };
  if (mayRetry(retry, failures, event.retryable)) {
    const delayMs = event.delayMs ?? retryDelayMs(retry, failures, event.random);
    tryAgain(draft, event.taskId, failed, 'up_for_retry', event.nowMs + delayMs);
  } else {
    failFor(draft, event.taskId, failed, event.nowMs);
  }
}

export function skip(draft: RunDraft, event: EventOf<'skip'>): Refusal | undefined {
  const instance = heldInstance(draft, event);
  if (instance === 'wrong-state' && isRepeated(draft, event, 'skipped')) return;
  if (typeof instance === 'string') return instance;
  const { note, nowMs } = event;
  end(draft, event.taskId, nowMs, { ...withoutLease(instance), state: 'skipped', endedAtMs: nowMs, note });
}

export function reschedule(draft: RunDraft, event: EventOf<'reschedule'>): Refusal | undefined {
  const instance = heldInstance(draft, event);
  if (typeof instance === 'string') return instance;
  const { nowMs, delayMs, timeoutMs, note } = event;
  const waiting = { ...withoutLease(instance), note };
  const waitedMs = nowMs - instance.firstStartedAtMs!;
  if (timeoutMs !== undefined && waitedMs + delayMs > timeoutMs) {
    const error: TaskError = {
      code: 'FL_TASK_TIMEOUT',
      message: `Waited ${waitedMs} ms of at most ${timeoutMs} ms: ${note}`,
    };
    failFor(draft, event.taskId, { ...waiting, error }, nowMs);
  } else {
    tryAgain(draft, event.taskId, waiting, 'up_for_reschedule', nowMs + delayMs);
  }
}

/** The instance, if `attempt` is its current one. */
function currentInstance(draft: RunDraft, key: AttemptKey): TaskInstance | Refusal {
  if (!draft.index.node.has(key.taskId)) return 'unknown-instance';
  const instance = draft.task(key.taskId).instances[positionOf(key.mapIndex)];
  if (instance?.mapIndex !== key.mapIndex) return 'unknown-instance';
  return instance.attempt === key.attempt ? instance : 'stale-attempt';
}

/** The instance, if `token` holds its current attempt and runs. */
function heldInstance(draft: RunDraft, key: HeldAttempt): TaskInstance | Refusal {
  const instance = currentInstance(draft, key);
  if (typeof instance === 'string') return instance;
  if (instance.token !== key.token) return 'stale-attempt';
  return instance.state === 'running' ? instance : 'wrong-state';
}

/** Whether this very attempt has reported this very end before, and its reply got lost. */
function isRepeated(draft: RunDraft, key: HeldAttempt, state: TaskState): boolean {
  const instance = draft.instance(key);
  return instance.state === state && instance.marked === undefined;
}

function withoutLease(instance: TaskInstance): TaskInstance {
  const { leaseUntilMs: _lease, ...kept } = instance;
  return kept;
}

function tryAgain(
  draft: RunDraft,
  taskId: string,
  instance: TaskInstance,
  state: 'up_for_retry' | 'up_for_reschedule',
  dueMs: number,
): void {
  const { mapIndex } = instance;
  const attempt = instance.attempt + 1;
  draft.putInstance(taskId, { ...instance, state, attempt, dueMs });
  draft.effects.push({ type: 'schedule', taskId, mapIndex, attempt, dueMs });
}

function failFor(draft: RunDraft, taskId: string, instance: TaskInstance, nowMs: number): void {
  end(draft, taskId, nowMs, { ...instance, state: 'failed', endedAtMs: nowMs });
}

function end(draft: RunDraft, taskId: string, nowMs: number, ended: TaskInstance): void {
  const finished: string[] = [];
  endInstance(draft, taskId, ended, finished);
  if (finished.length > 0) propagate(draft, finished, nowMs);
}
