/** For tests of DAGs: runs one to its end in this process, on the same state machine, and says by task how it went. */

import type { Dag } from './dag.ts';
import { indexGraph } from './graph.ts';
import { type LocalRunOptions, runLocally } from './local-executor.ts';
import type { RunSummary } from './run-summary.ts';
import type { RunState, TaskState } from './states.ts';

export interface TestedDag {
  /** How the run ended: `success` or `failed`. */
  readonly state: RunState;
  /** By task id; of an instance of a mapped task by `id[0]`, or by `id` when it was never expanded. */
  readonly states: Readonly<Record<string, TaskState>>;
  /** What tasks made, by task id: of a mapped task the list of what its successful instances made. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Messages of those that failed, named as in `states`. */
  readonly errors: Readonly<Record<string, string>>;
  /** All that is known of the run: attempts, durations, notes. */
  readonly summary: RunSummary;
}

/** Nobody waits for a retry or the next look of a sensor longer than this, ms. */
const DELAY_MAX_MS = 10;

/** Takes what `runLocally` takes, and throws what that throws. Give it a `signal` when a sensor may never find what it looks for. */
export async function testDag<Services>(
  dag: Dag<Services>,
  options: LocalRunOptions<Services>,
): Promise<TestedDag> {
  const summary = await runLocally(dag, { retryDelayMaxMs: DELAY_MAX_MS, ...options });
  const { node } = indexGraph(dag.graph);
  const states: Record<string, TaskState> = {};
  const results: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const { taskId, mapIndex, state, result, error } of summary.tasks) {
    const name = mapIndex === -1 ? taskId : `${taskId}[${mapIndex}]`;
    states[name] = state;
    if (error !== undefined) errors[name] = error.message;
    if (state !== 'success') continue;
    if (node.get(taskId)!.expand === undefined) results[taskId] = result;
    else results[taskId] = [...((results[taskId] as unknown[] | undefined) ?? []), result];
  }
  return { state: summary.state, states, results, errors, summary };
}
