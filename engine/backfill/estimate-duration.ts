/** How long a run will take, from how long others took. */

export interface PastRun {
  readonly durationMs: number;
  readonly rowCount: number;
}

/**
 * By rows where past runs had any, but never shorter than the shortest of them: a run has fixed costs. Undefined without
 * past runs.
 */
export function durationEstimate(past: readonly PastRun[]): (rowCount: number) => number | undefined {
  if (past.length === 0) return () => undefined;
  const durations = past.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const rates = past
    .filter(({ rowCount }) => rowCount > 0)
    .map(({ durationMs, rowCount }) => durationMs / rowCount)
    .sort((a, b) => a - b);
  const shortestMs = durations[0]!;
  const typicalMs = middleOf(durations);
  if (rates.length === 0) return () => typicalMs;
  const msPerRow = middleOf(rates);
  return (rowCount) => (rowCount > 0 ? Math.max(shortestMs, Math.round(msPerRow * rowCount)) : typicalMs);
}

const middleOf = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!;
