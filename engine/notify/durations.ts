/** How long tasks take: kept for the last runs that succeeded, summed up as medians. */
import type { RunState } from '../run-model.ts';

/** Task id → ms, all its instances together, waits between attempts included. */
export type TaskDurations = Readonly<Record<string, number>>;

/** Of the tasks that did something. */
export function durationsOf(run: RunState): TaskDurations {
  const found: Record<string, number> = {};
  for (const [taskId, { state, instances }] of Object.entries(run.tasks)) {
    if (state !== 'success') continue;
    let [from, to] = [Number.POSITIVE_INFINITY, 0];
    for (const { firstStartedAtMs, endedAtMs } of instances) {
      from = Math.min(from, firstStartedAtMs ?? from);
      to = Math.max(to, endedAtMs ?? to);
    }
    if (to >= from) found[taskId] = to - from;
  }
  return found;
}

/** The median of what is known of a task; undefined when nothing is. */
export function usualMs(history: readonly TaskDurations[]): (taskId: string) => number | undefined {
  const known = new Map<string, number | undefined>();
  return (taskId) => {
    if (!known.has(taskId)) known.set(taskId, median(history.flatMap((run) => run[taskId] ?? [])));
    return known.get(taskId);
  };
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
