/** One run being executed in this process: its state, its attempts, its one timer. */
import { randomUUID } from 'node:crypto';
import { FlyerlineError } from '../infra/errors.ts';
import type { Logger } from '../infra/log.ts';
import { type AttemptOutcome, toEvent } from './attempt-outcome.ts';
import type { Dag } from './dag.ts';
import { indexGraph } from './graph.ts';
import { collectInputs, resultsIn } from './inputs.ts';
import type { RunParams } from './params.ts';
import { ReadyQueue } from './ready-queue.ts';
import { type Progress, runAttempt } from './run-attempt.ts';
import {
  type AttemptKey,
  createRun,
  type Effect,
  findInstance,
  type RunEvent,
  type RunState,
  transition,
} from './run-state.ts';
import type { DataInterval } from './schedule.ts';
import type { RunState as RunPhase, TaskState } from './states.ts';

/** For a progress display. */
export type LocalEvent =
  | { readonly type: 'run-started'; readonly runId: string }
  | ({ readonly type: 'attempt-started'; readonly mapCount: number } & AttemptKey)
  | ({ readonly type: 'progress' } & AttemptKey & Progress)
  | ({
      readonly type: 'attempt-ended';
      readonly outcome: AttemptOutcome;
      /** What has become of the instance: `up_for_retry`, say. */
      readonly state: TaskState;
      readonly durationMs: number;
    } & AttemptKey)
  | { readonly type: 'task-finished'; readonly taskId: string; readonly state: TaskState }
  | { readonly type: 'run-finished'; readonly state: RunPhase };

export interface LocalRunParts<Services> {
  readonly runId: string;
  readonly interval: DataInterval;
  readonly params: RunParams;
  readonly services: Services;
  readonly log: Logger;
  readonly scratchDir: string;
  readonly maxParallel: number;
  readonly retryDelayMaxMs: number;
  readonly onEvent: (event: LocalEvent) => void;
}

/** Nobody can lose an attempt that runs in the same process. */
const LEASE_MS = 365 * 86_400_000;

export class LocalRun<Services> {
  /** The state at the end, when every attempt has returned. */
  readonly ended: Promise<RunState>;
  readonly #dag: Dag<Services>;
  readonly #parts: LocalRunParts<Services>;
  readonly #ready = new ReadyQueue();
  readonly #running = new Map<string, { readonly taskId: string; readonly stop: AbortController }>();
  readonly #resolve: (state: RunState) => void;
  readonly #reject: (error: unknown) => void;
  #state: RunState;
  #timer: NodeJS.Timeout | undefined;

  constructor(dag: Dag<Services>, parts: LocalRunParts<Services>) {
    this.#dag = dag;
    this.#parts = parts;
    this.#state = createRun(dag.graph, parts.runId);
    const { promise, resolve, reject } = Promise.withResolvers<RunState>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    this.#apply({ type: 'start', nowMs: Date.now() });
  }

  cancel(reason: string): void {
    this.#apply({ type: 'cancel', reason, nowMs: Date.now() });
  }

  /** `announce` is called with the new state, before its effects. */
  #apply(event: RunEvent, announce?: (state: RunState) => void): void {
    const { state, effects, refusal } = transition(this.#state, event);
    this.#state = state;
    announce?.(state);
    // An attempt that was cancelled reports all the same.
    if (refusal !== undefined) this.#parts.log.debug('An event was refused.', { event: event.type, refusal });
    for (const effect of effects) this.#perform(effect);
    this.#pump();
  }

  #perform(effect: Effect): void {
    const { onEvent, runId, retryDelayMaxMs } = this.#parts;
    switch (effect.type) {
      case 'schedule':
        this.#ready.add(effect, {
          dueMs: Math.min(effect.dueMs, Date.now() + retryDelayMaxMs),
          priority: indexGraph(this.#dag.graph).node.get(effect.taskId)!.priority,
        });
        return;
      case 'unschedule':
        this.#ready.remove(effect);
        return;
      case 'kill':
        this.#running.get(keyOf(effect))?.stop.abort(cancelled(effect, this.#state.cancelled));
        return;
      case 'run-started':
        onEvent({ type: 'run-started', runId });
        return;
      case 'task-finished':
      case 'run-finished':
        onEvent(effect);
        return;
      case 'run-reopened': // Nothing clears a local run.
    }
  }

  /** Starts what is due while there is room; else sets the timer to when something will be. */
  #pump(): void {
    clearTimeout(this.#timer);
    while (this.#running.size < this.#parts.maxParallel) {
      const next = this.#ready.take(Date.now(), this.#roomFinder());
      if (next === undefined) break;
      this.#launch(next).catch(this.#reject);
    }
    const { state } = this.#state;
    if (this.#running.size === 0 && (state === 'success' || state === 'failed')) this.#resolve(this.#state);
    const dueMs = this.#ready.nextDueMs();
    if (dueMs === undefined || this.#running.size >= this.#parts.maxParallel) return;
    this.#timer = setTimeout(() => this.#pump(), Math.max(0, dueMs - Date.now()));
  }

  /** This is the only run there is: limits over all runs are limits of this one. Thousands may ask for one task. */
  #roomFinder(): (key: AttemptKey) => boolean {
    const { node } = indexGraph(this.#dag.graph);
    const limitsOf = (id: string) => node.get(id)!.limits ?? [];
    const held = [...this.#running.values()].flatMap(({ taskId }) =>
      limitsOf(taskId).map(({ name }) => name),
    );
    const answers = new Map<string, boolean>();
    return ({ taskId }) => {
      const known = answers.get(taskId);
      if (known !== undefined) return known;
      const answer = limitsOf(taskId).every(
        ({ name, max }) => held.filter((other) => other === name).length < max,
      );
      answers.set(taskId, answer);
      return answer;
    };
  }

  async #launch({ taskId, mapIndex, attempt }: AttemptKey): Promise<void> {
    const { interval, params, runId, services, log, scratchDir, onEvent } = this.#parts;
    const key = { taskId, mapIndex, attempt };
    const held = { ...key, token: randomUUID() };
    const stop = new AbortController();
    this.#running.set(keyOf(key), { taskId, stop });
    const startedAtMs = Date.now();
    this.#state = transition(this.#state, {
      type: 'claim',
      ...held,
      leaseMs: LEASE_MS,
      nowMs: startedAtMs,
    }).state;
    const mapCount = this.#state.tasks[taskId]!.mapCount ?? 1;
    onEvent({ type: 'attempt-started', ...key, mapCount });
    const inputs = await collectInputs(this.#state, key, resultsIn(this.#state));
    const { startIso, endIso, day } = interval;
    const outcome = await runAttempt(
      this.#dag,
      { ...key, runId, mapCount, interval: { startIso, endIso }, day, params, inputs },
      {
        services,
        log,
        scratchDir,
        signal: stop.signal,
        onProgress: (progress) => onEvent({ type: 'progress', ...key, ...progress }),
      },
    );
    this.#running.delete(keyOf(key));
    const durationMs = Date.now() - startedAtMs;
    this.#apply(toEvent(held, outcome, { nowMs: Date.now(), random: Math.random() }), (after) => {
      const { state } = findInstance(after, key)!;
      onEvent({ type: 'attempt-ended', ...key, outcome, state, durationMs });
    });
  }
}

function keyOf({ taskId, mapIndex, attempt }: AttemptKey): string {
  return `${taskId}/${mapIndex}/${attempt}`;
}

function cancelled({ taskId }: AttemptKey, reason = 'it was cleared or set by hand'): FlyerlineError {
  return new FlyerlineError('FL_CANCELLED', {
    subject: `Task "${taskId}"`,
    reason: `was stopped (${reason})`,
    remedy: 'run it again when the reason is gone',
    retryable: false,
  });
}
