/** What a task is given while it runs: where it is in the run, what it may use, and how it may steer what follows. */
import type { Logger } from '../infra/log.ts';

/** The stretch of time a run is about: `[start, end)`. */
export interface IntervalIso {
  /** With the offset of the DAG's time zone: `2018-10-01T00:00:00-04:00`. */
  readonly startIso: string;
  readonly endIso: string;
}

export interface TaskContext<Services = unknown, Params = Readonly<Record<string, unknown>>> {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** 0 ≤ mapIndex < mapCount of a mapped task; -1 when the task is not mapped. */
  readonly mapIndex: number;
  /** How many instances the task has in this run; 1 when it is not mapped. */
  readonly mapCount: number;
  /** From 1. */
  readonly attempt: number;
  readonly interval: IntervalIso;
  /** Local date of the interval's start, `YYYY-MM-DD`. */
  readonly day: string;
  /** The run's parameters, parsed by the schema of the task, else by that of the DAG. */
  readonly params: Params;
  readonly services: Services;
  /** Aborted on timeout, on cancel and when the attempt has lost its lease: stop, and write nothing more. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** A directory of this attempt alone, removed after it. */
  readonly scratchDir: string;

  /** This task succeeds and everything downstream is skipped with that reason. A mapped task skips it when all its instances say so. */
  shortCircuit(reason: string): void;
  /** Of the tasks right after this one, only these go on; the others are skipped. Not in a mapped task. */
  branch(...taskIds: readonly string[]): void;
  /** Shown while the attempt runs. */
  progress(done: number, total: number, note?: string): void;
}
