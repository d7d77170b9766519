/** A run in figures, for a terminal or a program: one line per task instance. */
import { indexGraph } from './graph.ts';
import type { RunState, TaskError, TaskInstance, TaskRun } from './run-model.ts';
import type { RunState as RunPhase, TaskState } from './states.ts';

export interface RunSummary {
  readonly dagId: string;
  readonly runId: string;
  readonly state: RunPhase;
  readonly day: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** In topological order, then by map index. */
  readonly tasks: readonly TaskSummary[];
}

export interface TaskSummary {
  readonly taskId: string;
  /** -1 when the task is not mapped, or was not expanded. */
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly attempts: number;
  /** From the start of its first attempt to its end, waits between attempts included. */
  readonly durationMs: number;
  readonly note?: string;
  readonly error?: TaskError;
  readonly result?: unknown;
}

export function summarize(run: RunState, day: string, nowMs: number): RunSummary {
  const { startedAtMs = nowMs, endedAtMs = nowMs } = run;
  return {
    dagId: run.graph.id,
    runId: run.runId,
    state: run.state,
    day,
    startedAtMs,
    durationMs: endedAtMs - startedAtMs,
    tasks: run.graph.tasks.flatMap(({ id }) =>
      instancesOf(run, id).map((instance) => toSummary(id, instance, nowMs)),
    ),
  };
}

/** A mapped task without instances is shown by one line, too. */
function instancesOf(run: RunState, taskId: string): readonly TaskInstance[] {
  const task: TaskRun = run.tasks[taskId]!;
  const present = task.instances.filter(({ state }) => state !== 'removed');
  if (present.length > 0 || indexGraph(run.graph).node.get(taskId)!.expand === undefined) return present;
  const state: TaskState = task.state === 'active' ? 'scheduled' : task.state;
  return [{ mapIndex: -1, state, attempt: 0, failures: 0, losses: 0 }];
}

function toSummary(taskId: string, instance: TaskInstance, nowMs: number): TaskSummary {
  const { mapIndex, state, attempt, firstStartedAtMs, endedAtMs = nowMs, error, result } = instance;
  const note = instance.note ?? instance.shortCircuit;
  return {
    taskId,
    mapIndex,
    state,
    attempts: attempt,
    durationMs: firstStartedAtMs === undefined ? 0 : endedAtMs - firstStartedAtMs,
    ...(note === undefined ? {} : { note }),
    ...(error === undefined || state === 'success' ? {} : { error }),
    ...(result === undefined ? {} : { result }),
  };
}
