/** Which runs of a DAG have failed and were not made good, and when one that succeeds is news. */
import type { RunState as RunPhase } from '../states.ts';

/** Of one DAG; undefined when all is well. */
export interface DagTrouble {
  /** Whether the latest run to end has failed; then how many in a row, and since when. */
  readonly failing: boolean;
  readonly inARow: number;
  readonly sinceMs: number;
  /** Run id → when it failed; the latest 50 that were not made good. */
  readonly failed: Readonly<Record<string, number>>;
}

export interface Recovery {
  readonly sameRun: boolean;
  readonly sinceMs: number;
  readonly stillFailed: readonly string[];
}

const FAILED_MAX = 50;

/** A run has ended: the DAG's trouble after it, and whether something is well again. */
export function afterRun(
  before: DagTrouble | undefined,
  run: { readonly runId: string; readonly state: RunPhase; readonly atMs: number },
): { readonly trouble: DagTrouble | undefined; readonly recovery?: Recovery } {
  const { runId, atMs } = run;
  const { [runId]: failedAtMs, ...others } = before?.failed ?? {};
  if (run.state === 'failed') {
    const again = before?.failing === true;
    const failed = Object.fromEntries([...Object.entries(others), [runId, atMs]].slice(-FAILED_MAX));
    return {
      trouble: {
        failing: true,
        inARow: again ? before.inARow + 1 : 1,
        sinceMs: again ? before.sinceMs : atMs,
        failed,
      },
    };
  }
  if (before === undefined) return { trouble: undefined };
  const stillFailed = Object.keys(others);
  const trouble =
    stillFailed.length === 0 ? undefined : { failing: false, inARow: 0, sinceMs: 0, failed: others };
  const sameRun = failedAtMs !== undefined;
  if (!sameRun && !before.failing) return { trouble };
  return { trouble, recovery: { sameRun, sinceMs: failedAtMs ?? before.sinceMs, stillFailed } };
}
