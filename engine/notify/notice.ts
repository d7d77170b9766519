/** Notices: what has happened that people may want to know. Facts only; words and receivers come later. */
import type { TaskError } from '../run-model.ts';
import type { RunKind } from '../schedule.ts';

export type Notice = FailureNotice | RetryNotice | RecoveryNotice | DeadlineNotice | RestatementNotice;

/** The run it is about. */
export interface NoticeRun {
  readonly dagId: string;
  readonly runId: string;
  readonly kind: RunKind;
  readonly day: string;
  /** IANA zone in which people think of this DAG. */
  readonly timezone: string;
  /** By the local executor: no command about runs knows it. */
  readonly local?: true;
}

/** A task instance that did not go well. */
export interface TaskTrouble {
  readonly taskId: string;
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
  readonly attempts: number;
  readonly error: TaskError;
}

interface NoticeBase {
  /** Unique; made of what happened, so that the same event gives the same id. */
  readonly id: string;
  readonly atMs: number;
}

export type FailureNotice = NoticeBase & { readonly kind: 'failure'; readonly run: NoticeRun } & (
    | {
        readonly type: 'run-failed';
        readonly startedAtMs?: number;
        /** The first few of `failedCount`. */
        readonly failures: readonly TaskTrouble[];
        readonly failedCount: number;
        /** Task instances that did not run for it. */
        readonly notRunCount: number;
        /** Why it was cancelled. */
        readonly cancelled?: string;
        /** Runs of the DAG that have failed in a row, this one included, and when the first did. */
        readonly inARow: number;
        readonly sinceMs: number;
      }
    /** No further attempt is made; the run goes on with what does not depend on it. */
    | { readonly type: 'task-failed'; readonly task: TaskTrouble }
  );

export type RetryNotice = NoticeBase & {
  readonly kind: 'retry';
  readonly type: 'retry';
  readonly run: NoticeRun;
  readonly task: TaskTrouble;
  /** Its worker was lost: the task is not to blame. */
  readonly lost: boolean;
  /** Of the next attempt; undefined when it has begun. */
  readonly dueMs?: number;
};

export type RecoveryNotice = NoticeBase & { readonly kind: 'recovery'; readonly run: NoticeRun } & (
    | {
        readonly type: 'run-recovered';
        /** This very run had failed before. */
        readonly sameRun: boolean;
        readonly sinceMs: number;
        /** Run ids that have failed and were not made good. */
        readonly stillFailed: readonly string[];
      }
    | {
        readonly type: 'task-recovered';
        readonly taskId: string;
        readonly mapIndex: number;
        readonly attempts: number;
      }
  );

export type DeadlineNotice = NoticeBase & {
  readonly kind: 'deadline';
  readonly type: 'deadline-at-risk' | 'deadline-missed' | 'deadline-met-late' | 'deadline-kept';
  /** `runId` is empty when there is no run yet. */
  readonly run: NoticeRun;
  /** Task or group; undefined: the whole run. */
  readonly of?: string;
  readonly deadlineMs: number;
  /** When it ended, or will as far as history tells. */
  readonly endMs: number;
  /** Earlier runs that the estimate is made of. */
  readonly historyCount: number;
  /** Why it is late, in a sentence; of what it waits for. */
  readonly why: string;
  /** What stands in the way: nothing; or that no run has begun, for one of three reasons; or how the run goes. */
  readonly obstacle: 'none' | 'paused' | 'no-run' | 'not-due' | 'failed' | 'slow';
};

export type RestatementNotice = NoticeBase & {
  readonly kind: 'restatement';
  readonly type: 'restatement';
  /** The one of which most tables are others now. */
  readonly day: string;
  /** Of the run that published, and why: given for a rollback. */
  readonly runId: string;
  readonly reason?: string;
  /** Of `day` and of days that follow from it: comparisons, say. */
  readonly tables: readonly RestatedTable[];
};

export interface RestatedTable {
  readonly table: string;
  readonly day: string;
  readonly rowCount: number;
  readonly previousRowCount: number;
  /** Sums that the table keeps, by name. */
  readonly stats: Readonly<Record<string, number>>;
  readonly previousStats: Readonly<Record<string, number>>;
}
