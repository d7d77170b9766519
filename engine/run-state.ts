/**
 * The pure core of the engine: a run's state, an event, and what follows. It reads no clock and draws no random number, so a
 * history of events gives the same states and effects everywhere: in a test, in the local executor, and in Redis, where the
 * Lua scripts do the same steps in the same order (see run-model.ts for the counters, run-events.ts for the effects).
 */
import { claim, expire, fail, finish, heartbeat, markEnqueued, reschedule, skip } from './attempts.ts';
import { clear } from './clear.ts';
import { cancel, mark } from './interventions.ts';
import { decide, propagate } from './propagate.ts';
import { draftOf, type RunDraft } from './run-draft.ts';
import type { Effect, Refusal, RunEvent } from './run-events.ts';
import type { RunState } from './run-model.ts';

export type { AttemptKey, ClearTarget, Effect, HeldAttempt, Refusal, RunEvent } from './run-events.ts';
export {
  createRun,
  findInstance,
  type InstanceKey,
  type RunState,
  type TaskInstance,
  type TaskRun,
} from './run-model.ts';

export interface Transition {
  readonly state: RunState;
  readonly effects: readonly Effect[];
  /** Set when the event changed nothing because it does not fit; `state` is the one passed in then. */
  readonly refusal?: Refusal;
}

/** Never throws for an event that comes late, twice or from a stranger: it is refused, or accepted as the repetition it is. */
export function transition(state: RunState, event: RunEvent): Transition {
  const draft = draftOf(state);
  const refusal = apply(draft, event);
  if (refusal !== undefined) return { state, effects: [], refusal };
  return { state: draft.finish(), effects: draft.effects };
}

function apply(draft: RunDraft, event: RunEvent): Refusal | undefined {
  switch (event.type) {
    case 'start':
      return start(draft, event.nowMs);
    case 'enqueued':
      return markEnqueued(draft, event);
    case 'claim':
      return claim(draft, event);
    case 'heartbeat':
      return heartbeat(draft, event);
    case 'expire':
      return expire(draft, event);
    case 'finish':
      return finish(draft, event);
    case 'fail':
      return fail(draft, event);
    case 'skip':
      return skip(draft, event);
    case 'reschedule':
      return reschedule(draft, event);
    case 'cancel':
      return cancel(draft, event);
    case 'clear':
      return clear(draft, event);
    case 'mark':
      return mark(draft, event);
  }
}

function start(draft: RunDraft, nowMs: number): Refusal | undefined {
  const { run } = draft;
  if (run.state === 'running') return; // Said twice.
  if (run.state !== 'queued') return 'run-not-running';
  run.state = 'running';
  run.startedAtMs = nowMs;
  draft.effects.push({ type: 'run-started' });
  const finished: string[] = [];
  for (const { id } of run.graph.tasks) decide(draft, id, finished, nowMs);
  propagate(draft, finished, nowMs);
}
