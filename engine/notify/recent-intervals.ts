/** The latest intervals of a schedule that have ended: those whose deadlines are watched. */
import { type DataInterval, nextInterval, type ScheduleOptions } from '../schedule.ts';

/** A DAG that runs every minute is watched for its latest hours only. */
const INTERVALS_MAX = 100;

/** Those that ended within `withinMs` before `nowMs`, at most 100, oldest first. */
export function recentIntervals(
  options: ScheduleOptions,
  nowMs: number,
  withinMs: number,
): readonly DataInterval[] {
  const first = nextInterval(options, nowMs - withinMs);
  if (first === undefined) return [];
  const lengthMs = Math.max(1_000, first.endMs - first.startMs);
  // Those that end within the time begin one interval earlier.
  const fromMs = Math.max(nowMs - withinMs - lengthMs, nowMs - INTERVALS_MAX * lengthMs);
  const found: DataInterval[] = [];
  for (
    let interval = nextInterval(options, fromMs);
    interval !== undefined && interval.endMs <= nowMs && found.length < 4 * INTERVALS_MAX;
    interval = nextInterval(options, interval.endMs)
  ) {
    if (interval.endMs >= nowMs - withinMs) found.push(interval);
  }
  return found.slice(-INTERVALS_MAX);
}
