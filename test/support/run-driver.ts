/** Drives a run by hand in tests of the core: short words for events, and a clock that stands still unless it is moved. */
import { expect } from 'vitest';
import { type DagGraph, type TaskNode, toGraph } from '../../engine/graph.ts';
import {
  createRun,
  type Effect,
  type RunEvent,
  type RunState,
  type TaskInstance,
  transition,
} from '../../engine/run-state.ts';
import { checkRun } from './check-run.ts';

export interface RunDriver {
  readonly state: RunState;
  /** Effects of the last event. */
  readonly effects: readonly Effect[];
  nowMs: number;
  /** Applies an event that must not be refused. */
  send(event: RunEvent): readonly Effect[];
  /** Applies an event that must be refused; says why it was. */
  refuse(event: RunEvent): string;
  start(): readonly Effect[];
  claim(taskId: string, mapIndex?: number): readonly Effect[];
  /** Claims and finishes; `result` may be a list. */
  succeed(taskId: string, result?: unknown, mapIndex?: number): readonly Effect[];
  /** Claims and fails for good. */
  fail(taskId: string, mapIndex?: number): readonly Effect[];
  instance(taskId: string, mapIndex?: number): TaskInstance;
  held(
    taskId: string,
    mapIndex?: number,
  ): { taskId: string; mapIndex: number; attempt: number; token: string; nowMs: number };
  /** `{ a: 'success', b: 'active' }` */
  states(): Record<string, string>;
}

/** `tasks`: id → what differs from a plain task with one attempt. */
export function graphOf(tasks: Readonly<Record<string, Partial<TaskNode>>>): DagGraph {
  return toGraph(
    'test',
    Object.entries(tasks).map(([id, node]): TaskNode => {
      const upstream = node.upstream ?? [];
      return {
        id,
        upstream,
        inputs: Object.fromEntries(upstream.map((name) => [name, name])),
        triggerRule: 'all_success',
        retry: {
          attemptsMax: 1,
          backoffMs: 100,
          backoffFactor: 2,
          backoffMaxMs: 1000,
          jitter: 0,
          lossesMax: 0,
        },
        timeoutMs: 60_000,
        pool: 'default',
        priority: 0,
        queue: 'default',
        ...node,
      };
    }),
  );
}

export function driveRun(graph: DagGraph): RunDriver {
  let tokens = 0;
  const driver = {
    state: createRun(graph, 'manual__test'),
    effects: [] as readonly Effect[],
    nowMs: 1_000,
    send(event: RunEvent) {
      const { state, effects, refusal } = transition(driver.state, event);
      expect(refusal, `${event.type} is accepted`).toBeUndefined();
      checkRun(state);
      driver.state = state;
      driver.effects = effects;
      return effects;
    },
    refuse(event: RunEvent) {
      const { state, effects, refusal } = transition(driver.state, event);
      expect(refusal, `${event.type} is refused`).toBeDefined();
      expect(state).toBe(driver.state);
      expect(effects).toEqual([]);
      return refusal!;
    },
    start: () => driver.send({ type: 'start', nowMs: driver.nowMs }),
    claim(taskId: string, mapIndex = -1) {
      const { attempt } = driver.instance(taskId, mapIndex);
      tokens += 1;
      return driver.send({
        type: 'claim',
        taskId,
        mapIndex,
        attempt,
        token: `k${tokens}`,
        leaseMs: 500,
        nowMs: driver.nowMs,
      });
    },
    succeed(taskId: string, result?: unknown, mapIndex = -1) {
      driver.claim(taskId, mapIndex);
      const list = Array.isArray(result) && mapIndex === -1 ? { listLength: result.length } : {};
      return driver.send({
        type: 'finish',
        ...driver.held(taskId, mapIndex),
        ...(result === undefined ? {} : { result }),
        ...list,
      });
    },
    fail(taskId: string, mapIndex = -1) {
      driver.claim(taskId, mapIndex);
      const error = { code: 'FL_TASK_FAILED', message: 'no luck' };
      return driver.send({
        type: 'fail',
        ...driver.held(taskId, mapIndex),
        error,
        retryable: false,
        random: 0,
      });
    },
    instance(taskId: string, mapIndex = -1) {
      return driver.state.tasks[taskId]!.instances[Math.max(0, mapIndex)]!;
    },
    held(taskId: string, mapIndex = -1) {
      const { attempt, token } = driver.instance(taskId, mapIndex);
      return { taskId, mapIndex, attempt, token: token!, nowMs: driver.nowMs };
    },
    states: () =>
      Object.fromEntries(Object.entries(driver.state.tasks).map(([id, { state }]) => [id, state])),
  };
  return driver;
}
