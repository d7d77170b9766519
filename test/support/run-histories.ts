/**
 * Random histories of runs, for the pure core and for its Lua twin: lists of events that make sense at their time, and some that
 * come late, twice or from a stranger. They are made by playing moves against the core.
 */
import fc from 'fast-check';
import type { DagGraph } from '../../engine/graph.ts';
import {
  createRun,
  type RunEvent,
  type RunState,
  type TaskInstance,
  type Transition,
  transition,
} from '../../engine/run-state.ts';
import { LEASE_MS, reportOf } from './random-reports.ts';

export interface HistoryOptions {
  readonly runId?: string;
  /** Whether people clear, mark and cancel. @default true */
  readonly interventions?: boolean;
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
  { maxLength: 150, size: 'max' },
);

export interface Step extends Transition {
  readonly event: RunEvent;
  readonly before: RunState;
}

/** Plays the moves, then starts and ends whatever is left, so that the run finishes. Throws when nothing can move it on. */
export function playHistory(
  graph: DagGraph,
  played: readonly Move[],
  options: HistoryOptions = {},
): readonly Step[] {
  const steps: Step[] = [];
  let state = createRun(graph, options.runId ?? 'manual__1');
  let nowMs = 1_000_000;
  const apply = (event: RunEvent) => {
    const step = { event, before: state, ...transition(state, event) };
    steps.push(step);
    state = step.state;
  };
  for (const move of played) {
    nowMs += move.waitMs;
    const event = eventOf(state, move, nowMs, steps, options);
    if (event !== undefined) apply(event);
  }
  if (state.state === 'queued') apply({ type: 'start', nowMs });
  for (let left = 10_000; state.state === 'running'; left -= 1) {
    nowMs += 1;
    const next = nextToEnd(state, nowMs, steps.length);
    if (next === undefined || left === 0)
      throw new Error('The run is stuck: it has not ended, and nothing moves it on.');
    apply(next);
  }
  return steps;
}

interface Found {
  readonly taskId: string;
  readonly instance: TaskInstance;
}

const WAITING = new Set(['scheduled', 'queued', 'up_for_retry', 'up_for_reschedule']);
const isWaiting = ({ state }: TaskInstance) => WAITING.has(state);
const isRunning = ({ state }: TaskInstance) => state === 'running';

function eventOf(
  state: RunState,
  { kind, pick, variant }: Move,
  nowMs: number,
  steps: readonly Step[],
  { interventions = true }: HistoryOptions,
): RunEvent | undefined {
  if (state.state === 'queued' && kind < 85) return { type: 'start', nowMs };
  const waiting = instancesIn(state, isWaiting);
  const running = instancesIn(state, isRunning);
  if (kind < 75) {
    const found = choose(running, pick);
    const waits = choose(waiting, pick);
    if (waits && (kind < 40 || !found))
      return variant % 5 === 0 ? enqueuedOf(waits) : claimOf(waits, nowMs, steps.length);
    return found && reportOf(state.graph, found.taskId, found.instance, variant, nowMs);
  }
  if (kind < 80) {
    const found = choose(running, pick);
    return found && expiryOf(found, variant, nowMs);
  }
  if (kind < 88) return choose(steps, pick)?.event; // Late, or twice.
  if (kind < 90) {
    const found = choose(
      instancesIn(state, () => true),
      pick,
    );
    return found && { type: 'finish', ...keyOf(found), token: 'stranger', nowMs };
  }
  return interventions ? interventionOf(state, kind, pick, variant, nowMs) : undefined;
}

/** Ends the first thing that runs, else starts the first that waits. */
function nextToEnd(state: RunState, nowMs: number, step: number): RunEvent | undefined {
  const running = instancesIn(state, isRunning)[0];
  const waiting = instancesIn(state, isWaiting)[0];
  if (running) return reportOf(state.graph, running.taskId, running.instance, (step * 7919) % 1000, nowMs);
  return waiting && claimOf(waiting, nowMs, step);
}

function instancesIn(state: RunState, wanted: (instance: TaskInstance) => boolean): readonly Found[] {
  return Object.entries(state.tasks).flatMap(([taskId, task]) =>
    task.instances.filter(wanted).map((instance) => ({ taskId, instance })),
  );
}

function keyOf({ taskId, instance }: Found) {
  return { taskId, mapIndex: instance.mapIndex, attempt: instance.attempt };
}

function enqueuedOf(found: Found): RunEvent {
  return { type: 'enqueued', ...keyOf(found) };
}

function claimOf(found: Found, nowMs: number, step: number): RunEvent {
  return { type: 'claim', ...keyOf(found), token: `k${step}`, worker: 'w1', leaseMs: LEASE_MS, nowMs };
}

function expiryOf(found: Found, variant: number, nowMs: number): RunEvent {
  const late = variant % 3 === 0 ? 0 : LEASE_MS;
  return { type: 'expire', ...keyOf(found), random: variant / 1000, nowMs: nowMs + late };
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
  if (kind < 94) {
    const marked = (['success', 'failed', 'skipped'] as const)[variant % 3]!;
    const index = variant % 4 === 0 ? { mapIndex: variant % 3 } : {};
    const list = marked === 'success' && variant % 2 ? { result: [1, 2], listLength: 2 } : {};
    const open = variant % 5 === 0 ? { openOnly: true } : {};
    return { type: 'mark', taskId, ...index, ...open, state: marked, note: 'by hand', ...list, nowMs };
  }
  const other = choose(state.graph.tasks, variant)!.id;
  const mapIndices = variant % 3 === 0 ? { mapIndices: [variant % 2] } : {};
  const second = variant % 2 ? [{ taskId: other }] : [];
  return { type: 'clear', targets: [{ taskId, ...mapIndices }, ...second], nowMs };
}

function choose<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}
