/** Runs a whole DAG in this process: the same state machine as with Redis, without Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../infra/log.ts';
import type { Dag } from './dag.ts';
import { type LocalEvent, LocalRun } from './local-run.ts';
import { parseRunParams, type RunParams } from './params.ts';
import { type RunSummary, summarize } from './run-summary.ts';
import { type DataInterval, intervalOfDay, runIdFor } from './schedule.ts';

export type { LocalEvent } from './local-run.ts';
export type { RunSummary, TaskSummary } from './run-summary.ts';

export interface LocalRunSettings<Services> {
  /** Checked by the schemas of the DAG and its tasks. @default {} */
  readonly params?: RunParams;
  readonly services: Services;
  /** @default silent */
  readonly log?: Logger;
  /** Root of the attempts' scratch directories. @default one of its own below the system's */
  readonly scratchDir?: string;
  /** Attempts at a time. @default 2 */
  readonly maxParallel?: number;
  /** No retry waits longer than this: somebody is watching. @default 2000 */
  readonly retryDelayMaxMs?: number;
  /** @default `manual__` and the interval's start */
  readonly runId?: string;
  /** Aborting cancels the run: what runs is told to stop, nothing else starts. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: LocalEvent) => void;
}

/** What the run is about: a local day, or an interval of the schedule. */
export type LocalRunOptions<Services> = LocalRunSettings<Services> &
  (
    | { readonly day: string; readonly interval?: never }
    | { readonly interval: DataInterval; readonly day?: never }
  );

/**
 * Runs to the end and sums up. A failed task is no exception: look at the summary's state.
 * Throws FL_PARAMS_INVALID, and FL_USAGE when the schedule has no interval on `day`.
 */
export async function runLocally<Services>(
  dag: Dag<Services>,
  options: LocalRunOptions<Services>,
): Promise<RunSummary> {
  const { log = silentLogger, maxParallel = 2, retryDelayMaxMs = 2000, services, onEvent } = options;
  const interval = options.interval ?? intervalOfDay(dag.options, options.day);
  const params = parseRunParams(dag, options.params);
  const scratchDir = options.scratchDir ?? (await mkdtemp(join(tmpdir(), 'flyerline-run-')));
  const run = new LocalRun(dag, {
    runId: options.runId ?? runIdFor('manual', interval),
    interval,
    params,
    services,
    log,
    scratchDir,
    maxParallel,
    retryDelayMaxMs,
    onEvent: onEvent ?? (() => {}),
  });
  const cancel = () => run.cancel(reasonOf(options.signal?.reason));
  options.signal?.addEventListener('abort', cancel, { once: true });
  const { runTimeoutMs } = dag.options;
  const timer =
    runTimeoutMs === undefined
      ? undefined
      : setTimeout(() => run.cancel(`The run took longer than ${runTimeoutMs} ms`), runTimeoutMs);
  try {
    if (options.signal?.aborted) cancel();
    else run.start();
    const end = await run.ended;
    return summarize(end, interval.day, Date.now());
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', cancel);
    if (options.scratchDir === undefined) await rm(scratchDir, { recursive: true, force: true });
  }
}

function reasonOf(reason: unknown): string {
  return reason instanceof Error && reason.name !== 'AbortError' ? reason.message : 'The run was interrupted';
}
