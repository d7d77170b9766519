/** What faces are shown of runs: rows of a list, one run with its task instances, attempts that did not end well. */
import type { Progress } from './run-attempt.ts';
import type { TaskError } from './run-model.ts';
import type { RunSummary, TaskSummary } from './run-summary.ts';
import type { RunKind } from './schedule.ts';
import type { RunState as RunPhase } from './states.ts';

/** One line of a list of runs. */
export interface RunRow {
  readonly dagId: string;
  readonly runId: string;
  readonly kind: RunKind;
  readonly state: RunPhase;
  readonly day: string;
  readonly interval: { readonly startIso: string; readonly endIso: string };
  readonly taskCount: number;
  readonly unfinished: number;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly note?: string;
  readonly cancelled?: string;
}

/** One run with its task instances; fits wherever a RunSummary does. */
export interface RunView extends RunSummary, Omit<RunRow, 'startedAtMs'> {
  readonly params: Readonly<Record<string, unknown>>;
  /** Version of the graph it began with. */
  readonly version: string;
  /** Version of the program that made it. */
  readonly code?: string;
  /** What its maker said about it to programs. */
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly tasks: readonly TaskView[];
}

export interface TaskView extends TaskSummary {
  /** Names the latest attempt, for its log; undefined before the first. */
  readonly attemptId?: string;
  readonly worker?: string;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly dueAtMs?: number;
  readonly progress?: Progress;
}

/** An attempt that did not end well; the latest attempt is seen in the TaskView. */
export interface PastAttempt {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly attempt: number;
  readonly outcome: 'failed' | 'lost';
  readonly worker?: string;
  readonly startedAtMs?: number;
  readonly endedAtMs: number;
  readonly error: TaskError;
}
