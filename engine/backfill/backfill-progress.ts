/** How far a backfill is, and when it will end. Reads nothing. */
import type { BackfillPlan } from './backfill-plan.ts';
import type { BackfillState, BackfillStatus, DayResult } from './backfill-store.ts';
import type { DayRun } from './day-run.ts';

export interface BackfillProgress {
  readonly status: BackfillStatus;
  /** Days that are run in all. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly queued: number;
  /** Days that nobody has been asked for: it was not begun, or whoever began it died on the way. */
  readonly notHandedOver: number;
  readonly failedDays: readonly string[];
  /** How long what is left will take; null when it does not go on, or nothing is known. */
  readonly etaMs: number | null;
}

export interface ProgressFacts {
  readonly plan: BackfillPlan;
  readonly state: BackfillState;
  /** By day, of a backfill by workers. */
  readonly runs?: ReadonlyMap<string, DayRun> | undefined;
  /** By day, of one in a process. */
  readonly results?: ReadonlyMap<string, DayResult> | undefined;
  readonly nowMs: number;
}

export function progressOf({ plan, state, runs, results, nowMs }: ProgressFacts): BackfillProgress {
  const counts = { success: 0, failed: 0, running: 0, queued: 0, none: 0 };
  const failedDays: string[] = [];
  const durations: number[] = [];
  let leftMs = 0;
  let isKnown = true;
  for (const { day, action, estimateMs } of plan.days) {
    if (action === 'skip') continue;
    const run = runs?.get(day);
    const what = run?.state ?? results?.get(day)?.state ?? 'none';
    counts[what] += 1;
    if (what === 'failed') failedDays.push(day);
    const took =
      run?.endedAtMs === undefined ? results?.get(day)?.durationMs : run.endedAtMs - (run.startedAtMs ?? 0);
    if (what === 'success' && took !== undefined) durations.push(took);
    if (what === 'success' || what === 'failed') continue;
    if (estimateMs === null) isKnown = false;
    const passedMs = run?.startedAtMs === undefined ? 0 : nowMs - run.startedAtMs;
    leftMs += Math.max(0, (estimateMs ?? 0) - passedMs);
  }
  const left = counts.running + counts.queued + counts.none;
  const measured = durations.length === 0 ? undefined : left * middleOf(durations);
  const workMs = measured ?? (isKnown ? leftMs : undefined);
  const status = statusNow(state, counts, left, nowMs);
  const atOnce = Math.max(1, Math.min(state.maxActive, left));
  return {
    status,
    total: counts.success + counts.failed + left,
    done: counts.success,
    failed: counts.failed,
    running: counts.running,
    queued: counts.queued,
    notHandedOver: counts.none,
    failedDays,
    etaMs: status !== 'running' || workMs === undefined ? null : Math.round(workMs / atOnce),
  };
}

/** What the lake says of it, unless its days say more: nobody writes down that workers have done the last one. */
function statusNow(
  { status, executor, aliveUntilMs }: BackfillState,
  { failed, running, queued }: { readonly failed: number; readonly running: number; readonly queued: number },
  left: number,
  nowMs: number,
): BackfillStatus {
  if (status !== 'running') return status;
  if (left === 0) return failed > 0 ? 'failed' : 'done';
  const goesOn = aliveUntilMs > nowMs || (executor === 'queues' && running + queued > 0);
  // The process that ran it, or handed it over, died on the way.
  return goesOn ? 'running' : 'failed';
}

const middleOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
