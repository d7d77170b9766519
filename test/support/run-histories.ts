/**
 * Random DAGs and random histories of their runs, for the pure core and for its Lua twin: a history is a list of events that
 * makes sense at the time (with some that come late, twice or from strangers), made by playing moves against the core.
 */
import fc from 'fast-check';
import { type DagGraph, type TaskNode, toGraph } from '../../engine/graph.ts';
import {
  createRun,
  type RunEvent,
  type RunState,
  type TaskInstance,
  transition,
} from '../../engine/run-state.ts';
import { TRIGGER_RULES } from '../../engine/states.ts';

export interface HistoryOptions {
  /** @default 9 */
  readonly tasksMax?: number;
  /** Longest list that a task maps over. @default 4 */
  readonly listMax?: number;
  /** Whether people clear, mark and cancel. @default true */
  readonly interventions?: boolean;
}

/** Random graphs: all trigger rules, mapped tasks, mapped tasks mapped again, small retry limits. */
export function graphs({ tasksMax = 9 }: HistoryOptions = {}): fc.Arbitrary<DagGraph> {
  const task = fc.record({
    upstream: fc.array(fc.nat(), { maxLength: 3 }),
    rule: fc.oneof(
      { weight: 3, arbitrary: fc.constant('all_success' as const) },
      { weight: 4, arbitrary: fc.constantFrom(...TRIGGER_RULES) },
    ),
    mapped: fc.boolean(),
    attemptsMax: fc.integer({ min: 1, max: 3 }),
    lossesMax: fc.integer({ min: 0, max: 2 }),
    jitter: fc.constantFrom(0, 0.25),
  });
  return fc.array(task, { minLength: 1, maxLength: tasksMax }).map((tasks) =>
    toGraph(
      'random',
      tasks.map(({ upstream, rule, mapped, ...limits }, position): TaskNode => {
        const ids = position === 0 ? [] : [...new Set(upstream.map((n) => `t${n % position}`))];
        return {
          id: `t${position}`,
          upstream: ids,
          inputs: Object.fromEntries(ids.map((id, n) => [`in${n}`, id])),
          ...(mapped && ids.length > 0 ? { expand: 'in0' } : {}),
          triggerRule: rule,
          retry: { ...limits, backoffMs: 100, backoffFactor: 2, backoffMaxMs: 1000 },
          timeoutMs: 60_000,
          pool: 'default',
          priority: position % 3,
          queue: 'default',
        };
      }),
    ),
  );
}

/** What happens next, as numbers that are read against the state: they stay meaningful when fast-check shrinks the list. */
export interface Move {
  readonly kind: number;
  readonly pick: number;
  readonly variant: number;
  readonly waitMs: number;
}

export const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({ kind: fc.nat(99), pick: fc.nat(999), variant: fc.nat(999), waitMs: fc.nat(400) }),
  { maxLength: 120 },
);

export interface Step {
  readonly event: RunEvent;
  readonly before: RunState;
  readonly after: RunState;
  readonly effects: ReturnType<typeof transition>['effects'];
  readonly refusal: ReturnType<typeof transition>['refusal'];
}

export const LEASE_MS = 500;

/** Plays the moves, then lets everything that is left end by itself, so that the run finishes. `runId` names the run. */
export function playHistory(
  graph: DagGraph,
  played: readonly Move[],
  options: HistoryOptions & { readonly runId?: string } = {},
): readonly Step[] {
  const steps: Step[] = [];
  let state = createRun(graph, options.runId ?? 'manual__1');
  let nowMs = 1_000_000;
  const apply = (event: RunEvent) => {
    const { state: after, effects, refusal } = transition(state, event);
    steps.push({ event, before: state, after, effects, refusal });
    state = after;
  };
  for (const move of played) {
    nowMs += move.waitMs;
    const event = eventOf(state, move, nowMs, steps, options);
    if (event !== undefined) apply(event);
  }
  if (state.state === 'queued') apply({ type: 'start', nowMs });
  // Whatever is left takes at most one claim and one report per attempt.
  for (let left = 100_000; state.state === 'running'; left -= 1) {
    nowMs += 1;
    const next = closingEvent(state, nowMs, steps.length);
    if (next === undefined || left === 0)
      throw new Error('the run is stuck: nothing runs, nothing waits, and it has not ended');
    apply(next);
  }
  return steps;
}

type Found = { readonly taskId: string; readonly instance: TaskInstance };

const WAITING = new Set(['scheduled', 'queued', 'up_for_retry', 'up_for_reschedule']);

function instancesIn(state: RunState, wanted: (instance: TaskInstance) => boolean): readonly Found[] {
  return Object.entries(state.tasks).flatMap(([taskId, task]) =>
    task.instances.filter(wanted).map((instance) => ({ taskId, instance })),
  );
}

function eventOf(
  state: RunState,
  { kind, pick, variant }: Move,
  nowMs: number,
  steps: readonly Step[],
  options: HistoryOptions,
): RunEvent | undefined {
  const { interventions = true } = options;
  if (state.state === 'queued' && kind < 80) return { type: 'start', nowMs };
  if (kind < 30) {
    const found = choose(
      instancesIn(state, ({ state }) => WAITING.has(state)),
      pick,
    );
    if (!found) return undefined;
    const { instance } = found;
    const key = { taskId: found.taskId, mapIndex: instance.mapIndex, attempt: instance.attempt };
    return variant % 5 === 0 ? { type: 'enqueued', ...key } : claimOf(found, nowMs, steps.length);
  }
  if (kind < 75) {
    const found = choose(
      instancesIn(state, ({ state }) => state === 'running'),
      pick,
    );
    return found && reportOf(state, found, variant, nowMs, options);
  }
  if (kind < 80) {
    const found = choose(
      instancesIn(state, ({ state }) => state === 'running'),
      pick,
    );
    if (!found) return undefined;
    const { mapIndex, attempt } = found.instance;
    return {
      type: 'expire',
      taskId: found.taskId,
      mapIndex,
      attempt,
      random: variant / 1000,
      nowMs: nowMs + (variant % 2) * LEASE_MS,
    };
  }
  if (kind < 88) return choose(steps, pick)?.event; // Late, or twice.
  if (kind < 90) {
    const found = choose(
      instancesIn(state, () => true),
      pick,
    );
    if (!found) return undefined;
    const { mapIndex, attempt } = found.instance;
    return { type: 'finish', taskId: found.taskId, mapIndex, attempt, token: 'stranger', nowMs };
  }
  return interventions ? interventionOf(state, kind, pick, variant, nowMs) : undefined;
}

function claimOf({ taskId, instance }: Found, nowMs: number, step: number): RunEvent {
  const { mapIndex, attempt } = instance;
  return {
    type: 'claim',
    taskId,
    mapIndex,
    attempt,
    token: `k${step}`,
    worker: 'w1',
    leaseMs: LEASE_MS,
    nowMs,
  };
}

function reportOf(
  state: RunState,
  { taskId, instance }: Found,
  variant: number,
  nowMs: number,
  { listMax = 4 }: HistoryOptions,
): RunEvent {
  const held = {
    taskId,
    mapIndex: instance.mapIndex,
    attempt: instance.attempt,
    token: instance.token!,
    nowMs,
  };
  const behind = state.graph.tasks.filter(({ upstream }) => upstream.includes(taskId)).map(({ id }) => id);
  switch (variant % 12) {
    case 0:
    case 1:
      return {
        type: 'fail',
        ...held,
        error: { code: 'FL_TASK_FAILED', message: 'no luck' },
        retryable: true,
        random: variant / 1000,
      };
    case 2:
      return {
        type: 'fail',
        ...held,
        error: { code: 'FL_TASK_FAILED', message: 'no use' },
        retryable: false,
        random: 0,
      };
    case 3:
      return {
        type: 'fail',
        ...held,
        error: { code: 'FL_TASK_FAILED', message: 'later' },
        retryable: true,
        delayMs: 7,
        random: 0,
      };
    case 4:
      return { type: 'skip', ...held, note: 'nothing to do' };
    case 5:
      return {
        type: 'reschedule',
        ...held,
        delayMs: 50,
        ...(variant % 2 ? { timeoutMs: 300 } : {}),
        note: 'not there yet',
      };
    case 6:
      return { type: 'heartbeat', ...held, leaseMs: LEASE_MS };
    case 7:
      return { type: 'finish', ...held, shortCircuit: 'enough' };
    case 8: {
      const notFollowed = instance.mapIndex === -1 ? behind.filter((_id, n) => (variant >> n) % 2 === 0) : [];
      return { type: 'finish', ...held, notFollowed };
    }
    default: {
      const length = Math.floor(variant / 12) % (listMax + 1);
      const result = Array.from({ length }, (_, n) => n);
      return instance.mapIndex === -1
        ? { type: 'finish', ...held, result, listLength: length }
        : { type: 'finish', ...held, result: length };
    }
  }
}

function interventionOf(
  state: RunState,
  kind: number,
  pick: number,
  variant: number,
  nowMs: number,
): RunEvent | undefined {
  const taskId = choose(state.graph.tasks, pick)!.id;
  if (kind === 90) return variant % 4 === 0 ? { type: 'cancel', reason: 'enough', nowMs } : undefined;
  if (kind < 95) {
    const marked = (['success', 'failed', 'skipped'] as const)[variant % 3]!;
    const index = variant % 4 === 0 ? { mapIndex: variant % 3 } : {};
    const list = marked === 'success' && variant % 2 ? { result: [1, 2], listLength: 2 } : {};
    return { type: 'mark', taskId, ...index, state: marked, note: 'by hand', ...list, nowMs };
  }
  const other = choose(state.graph.tasks, variant)!.id;
  const mapIndices = variant % 3 === 0 ? { mapIndices: [variant % 2] } : {};
  const second = variant % 2 ? [{ taskId: other }] : [];
  return { type: 'clear', targets: [{ taskId, ...mapIndices }, ...second], nowMs };
}

/** Ends the first thing that runs, else starts the first that waits. */
function closingEvent(state: RunState, nowMs: number, step: number): RunEvent | undefined {
  const running = instancesIn(state, ({ state }) => state === 'running')[0];
  if (running) {
    const { mapIndex, attempt, token } = running.instance;
    return {
      type: 'finish',
      taskId: running.taskId,
      mapIndex,
      attempt,
      token: token!,
      result: [1],
      listLength: 1,
      nowMs,
    };
  }
  const waiting = instancesIn(state, ({ state }) => WAITING.has(state))[0];
  return waiting && claimOf(waiting, nowMs, step);
}

function choose<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}
