/** A DAG as data: what the state machine, Redis and the faces see of it. No functions, so it can be stored and compared. */
import type { TriggerRule } from './states.ts';

export interface RetryPolicy {
  /** Attempts in all; 1 = never retried. @default 3 */
  readonly attemptsMax: number;
  /** Wait before attempt n+1: backoffMs × factor^(n-1), at most backoffMaxMs, ± jitter. */
  readonly backoffMs: number;
  readonly backoffFactor: number;
  readonly backoffMaxMs: number;
  /** Share of the delay that is random, 0..1. */
  readonly jitter: number;
}

export interface TaskNode {
  /** Unique within the DAG, e.g. `cleanse-events`. */
  readonly id: string;
  /** Tasks that must be finished before; in the order of the inputs, no duplicates. */
  readonly upstream: readonly string[];
  /** Input name → upstream task id: what `run` receives. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The input whose result is an array; the task has one instance (map index) per element. */
  readonly expand?: string;
  readonly triggerRule: TriggerRule;
  readonly retry: RetryPolicy;
  /** Hard limit of one attempt. */
  readonly timeoutMs: number;
  /** Pool whose slots an attempt takes, one each. */
  readonly pool: string;
  /** Larger runs first. */
  readonly priority: number;
  /** Worker class that takes it. */
  readonly queue: string;
}

export interface DagGraph {
  readonly id: string;
  /** Hash of this structure, hex; a run keeps the version it began with. */
  readonly version: string;
  /** In topological order. */
  readonly tasks: readonly TaskNode[];
}
