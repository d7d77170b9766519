/** A backfill in this process, by the local executor: some days at a time, each written down when it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { Dag } from '../dag.ts';
import { runLocally } from '../local-executor.ts';
import type { RunSummary } from '../run-summary.ts';
import type { BackfillPlan, PlannedDay } from './backfill-plan.ts';
import { backfillRunId } from './backfill-run-id.ts';
import { type BackfillState, changeState, type DayResult, putDayResult } from './backfill-store.ts';

export interface LocalBackfillOptions<Services> {
  readonly lake: ObjectStore;
  readonly plan: BackfillPlan;
  readonly dag: Dag<Services>;
  readonly services: Services;
  /** In order. */
  readonly days: readonly PlannedDay[];
  readonly state: BackfillState;
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  readonly onDay?: (result: DayResult) => void;
}

/** A process that is silent for this long is taken for dead. */
export const ALIVE_MS = 30_000;
/** How soon a pause or cancel from another terminal is noticed. */
const LOOK_MS = 2_000;

/**
 * Runs until all days are through, somebody pauses or cancels the backfill, or the signal aborts. A pause lets days that run
 * end; a cancel and the signal end them. A failed day does not stop the others. Resolves to the state it leaves behind.
 */
export async function runBackfillLocally<Services>(
  options: LocalBackfillOptions<Services>,
): Promise<BackfillState> {
  const { lake, plan, state, days } = options;
  const stopping = new AbortController();
  const watching = new AbortController();
  const ended = AbortSignal.any([options.signal, stopping.signal]);
  let isPaused = false;
  const look = async () => {
    const { status } = await changeState(lake, plan.id, ({ status: now, generation }) =>
      now === 'running' && generation === state.generation ? { aliveUntilMs: Date.now() + ALIVE_MS } : {},
    );
    if (status === 'paused') isPaused = true;
    if (status === 'cancelled') stopping.abort();
  };
  const watcher = watch(look, watching.signal);
  const waiting = [...days];
  let failed = 0;
  try {
    const worker = async () => {
      for (;;) {
        if (isPaused || ended.aborted) return;
        const next = waiting.shift();
        if (next === undefined) return;
        const result = await runDay(options, next, ended);
        if (ended.aborted && result.state === 'failed') return;
        if (result.state === 'failed') failed += 1;
        await putDayResult(lake, plan.id, result);
        options.onDay?.(result);
      }
    };
    await Promise.all(Array.from({ length: Math.min(state.maxActive, days.length) }, worker));
  } finally {
    watching.abort();
    await watcher;
  }
  return changeState(lake, plan.id, ({ status }) => ({
    aliveUntilMs: 0,
    ...(status === 'running' ? { status: endOf(options.signal.aborted, waiting.length, failed) } : {}),
  }));
}

function endOf(isInterrupted: boolean, waiting: number, failed: number): BackfillState['status'] {
  if (isInterrupted) return 'paused';
  return failed > 0 || waiting > 0 ? 'failed' : 'done';
}

/** Tells that this process lives, and learns what others want of it. */
async function watch(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A look that fails is made up for by the next.
    await look().catch(() => {});
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

async function runDay<Services>(
  { dag, plan, state, services, scratchDir }: LocalBackfillOptions<Services>,
  { day, force }: PlannedDay,
  signal: AbortSignal,
): Promise<DayResult> {
  const runId = backfillRunId(dag, day, plan.id, state.generation);
  const summary = await runLocally(dag, {
    day,
    runId,
    services,
    scratchDir,
    signal,
    params: { ...plan.params, ...(force ? { force: true } : {}) },
  });
  const { durationMs } = summary;
  return {
    day,
    runId,
    durationMs,
    state: summary.state === 'success' ? 'success' : 'failed',
    note: noteOf(summary),
  };
}

/** Why it failed, or why there was nothing to do. */
function noteOf({ tasks }: RunSummary): string | null {
  const failed = tasks.find(({ state }) => state === 'failed');
  return failed?.error?.message ?? tasks.find(({ note }) => note !== undefined)?.note ?? null;
}
