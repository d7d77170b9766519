/** What a chaos drill found, as data. */
import type { Environment } from '../support/environment.ts';

export interface ChaosResult {
  readonly benchmark: 'chaos';
  readonly environment: Environment;
  readonly seed: number;
  readonly durationMs: number;
  readonly workers: number;
  readonly schedulers: number;
  /** Faults by kind, of those that took hold. */
  readonly faults: Readonly<Record<string, number>>;
  /** Processes that killed themselves, by the step at which they did; in tasks, steps of publishing. */
  readonly crashes: Readonly<Record<string, number>>;
  readonly runs: number;
  readonly tasks: number;
  /** Effects that were published, each exactly once. */
  readonly effects: number;
  /** Attempts that failed or were lost with their worker. */
  readonly failedAttempts: number;
  readonly lostAttempts: number;
  /** Runs that Redis had forgotten after a crash, and that were made again. */
  readonly forgottenRuns: number;
  readonly restarts: number;
  /** From the end of the faults until every run had ended. */
  readonly settledMs: number;
  /** What should have held and did not; empty when the drill has passed. */
  readonly violations: readonly string[];
  /** What was done when, in the order in which it began. */
  readonly history: readonly HistoryEntry[];
  readonly ok: boolean;
}

export interface HistoryEntry {
  /** Since the beginning. */
  readonly atMs: number;
  readonly fault: string;
  readonly kind: string;
  /** There was nobody to do it to. */
  readonly missed: boolean;
  readonly note: string;
}
