/** What a worker and the child process of an attempt say to each other over IPC. Plain JSON both ways. */
import type { AttemptOutcome } from '../engine/attempt-outcome.ts';
import type { AttemptRequest, Progress } from '../engine/run-attempt.ts';
import type { Config } from '../infra/config.ts';

/** An attempt; what Redis keeps as JSON is passed on as it is and parsed once, by the child. */
export interface AttemptOrder extends Omit<AttemptRequest, 'params' | 'inputs'> {
  readonly dagId: string;
  readonly paramsJson: string;
  readonly inputsJson: string;
}

export type ToChild =
  /** First of all: load the DAGs, open the services. */
  | {
      readonly type: 'open';
      readonly config: Config;
      readonly pipelines: string;
      readonly scratchDir: string;
    }
  | { readonly type: 'run'; readonly order: AttemptOrder }
  /** The attempt is cancelled, lost or out of time: its signal is aborted. The process is killed when that does not help. */
  | { readonly type: 'abort'; readonly reason: string };

export type FromChild =
  | { readonly type: 'ready' }
  | { readonly type: 'unfit'; readonly message: string }
  | { readonly type: 'log'; readonly lines: readonly string[] }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'outcome'; readonly outcome: AttemptOutcome };

/** How long a task that was told to stop may take before its process is killed. */
export const STOP_GRACE_MS = 1_000;
