/** When a DAG runs, and what each run is about: data intervals from a cron line and a time zone. Reads no clock. */
import { Cron } from 'croner';
import { FlyerlineError, invariant } from '../infra/errors.ts';
import type { DagOptions } from './dag.ts';
import { addDays, dayOf, localIso, startOfDayMs } from './local-time.ts';

export type ScheduleOptions = Pick<
  DagOptions,
  'schedule' | 'timezone' | 'dataInterval' | 'startDate' | 'endDate' | 'catchup'
>;

/** `[start, end)`, the stretch of time a run is about. Intervals of one schedule never overlap. */
export interface DataInterval {
  readonly startMs: number;
  readonly endMs: number;
  /** With the offset of the zone: `2018-10-01T00:00:00-04:00`. */
  readonly startIso: string;
  readonly endIso: string;
  /** Local date of its start, `YYYY-MM-DD`. */
  readonly day: string;
  /** The tick at which it is due; never before its end. */
  readonly runAfterMs: number;
}

export type RunKind = 'scheduled' | 'manual' | 'backfill';

/** One run per kind and interval: inserting it twice is inserting it once. */
export function runIdFor(kind: RunKind, interval: Pick<DataInterval, 'startIso'>): string {
  return `${kind}__${interval.startIso}`;
}

/**
 * The first interval after the time that is covered already (the end of the latest run's interval, say). Undefined when the DAG
 * has no schedule, or the interval would begin after its endDate.
 */
export function nextInterval(options: ScheduleOptions, coveredUntilMs: number): DataInterval | undefined {
  const { startDate, endDate, timezone = 'UTC', dataInterval = 'cron' } = options;
  if (options.schedule === null) return undefined;
  const firstMs =
    startDate === undefined ? coveredUntilMs : Math.max(coveredUntilMs, startOfDayMs(startDate, timezone));
  const ticks = ticksOf(options.schedule, timezone);
  const interval =
    dataInterval === 'previous-day'
      ? nextDay(ticks, firstMs, timezone)
      : nextStretch(ticks, firstMs, timezone);
  return interval === undefined || (endDate !== undefined && interval.day > endDate) ? undefined : interval;
}

/**
 * Intervals that are due at `nowMs` and not covered, oldest first. With catch-up: all of them, at most `max` at a time. Without:
 * only the latest. A DAG that has neither run nor a startDate has nothing to catch up with and gets the latest, too.
 */
export function dueIntervals(
  options: ScheduleOptions,
  at: { readonly nowMs: number; readonly coveredUntilMs?: number | undefined; readonly max: number },
): readonly DataInterval[] {
  const { startDate, timezone = 'UTC', catchup = false } = options;
  const latest = latestDue(options, at.nowMs);
  if (latest === undefined) return [];
  const fromMs =
    at.coveredUntilMs ?? (startDate === undefined ? latest.startMs : startOfDayMs(startDate, timezone));
  if (latest.startMs < fromMs) return [];
  if (!catchup) return [latest];
  return collect(options, fromMs, at.max, (interval) => interval.runAfterMs <= at.nowMs);
}

/** The intervals that begin on the local days `fromDay` to `toDay`, both included, whether due or not; at most `max`. */
export function intervalsBetween(
  options: ScheduleOptions,
  range: { readonly fromDay: string; readonly toDay: string; readonly max: number },
): readonly DataInterval[] {
  const { timezone = 'UTC', schedule } = options;
  const fromMs = startOfDayMs(range.fromDay, timezone);
  if (schedule !== null) return collect(options, fromMs, range.max, ({ day }) => day <= range.toDay);
  const days: DataInterval[] = [];
  for (let day = range.fromDay; day <= range.toDay && days.length < range.max; day = addDays(day, 1)) {
    days.push(wholeDay(day, timezone));
  }
  return days;
}

/** The interval of a run asked for by its day: the day itself, or with `cron` intervals the first one that begins on it. */
export function intervalOfDay(options: ScheduleOptions, day: string): DataInterval {
  const { timezone = 'UTC', dataInterval = 'cron', schedule } = options;
  if (schedule === null || dataInterval === 'previous-day') return wholeDay(day, timezone);
  const { startDate: _start, endDate: _end, ...unbounded } = options;
  const interval = nextInterval(unbounded, startOfDayMs(day, timezone));
  if (interval?.day === day) return interval;
  throw new FlyerlineError('FL_USAGE', {
    subject: `Schedule "${schedule}"`,
    reason: `has no interval that begins on ${day}`,
    remedy: interval ? `the next one begins on ${interval.day}` : 'choose an earlier day',
    retryable: false,
  });
}

/** The interval that was due last at `nowMs`, within startDate and endDate. */
function latestDue(options: ScheduleOptions, nowMs: number): DataInterval | undefined {
  const { schedule, timezone = 'UTC', dataInterval = 'cron', startDate } = options;
  if (schedule === null) return undefined;
  const ticks = ticksOf(schedule, timezone);
  const tickMs = ticks.atOrBefore(Math.min(nowMs, lastTickMs(options, ticks)));
  if (tickMs === undefined) return undefined;
  const interval =
    dataInterval === 'previous-day'
      ? dayBefore(ticks, tickMs, timezone)
      : stretchBefore(ticks, tickMs, timezone);
  return interval === undefined || (startDate !== undefined && interval.day < startDate)
    ? undefined
    : interval;
}

/** The tick that ends the last interval which begins on endDate. */
function lastTickMs({ endDate, timezone = 'UTC', dataInterval }: ScheduleOptions, ticks: Ticks): number {
  if (endDate === undefined) return Number.POSITIVE_INFINITY;
  if (dataInterval === 'previous-day') return startOfDayMs(addDays(endDate, 2), timezone) - 1;
  const lastStartMs = ticks.atOrBefore(startOfDayMs(addDays(endDate, 1), timezone) - 1);
  return (lastStartMs === undefined ? undefined : ticks.after(lastStartMs)) ?? Number.POSITIVE_INFINITY;
}

function collect(
  options: ScheduleOptions,
  fromMs: number,
  max: number,
  wanted: (interval: DataInterval) => boolean,
): readonly DataInterval[] {
  const found: DataInterval[] = [];
  let interval = nextInterval(options, fromMs);
  while (interval !== undefined && found.length < max && wanted(interval)) {
    found.push(interval);
    interval = nextInterval(options, interval.endMs);
  }
  return found;
}

/** The first day that begins at or after `firstMs` and is followed by a day with a tick. */
function nextDay(ticks: Ticks, firstMs: number, timezone: string): DataInterval | undefined {
  const day = dayOf(firstMs, timezone);
  const first = startOfDayMs(day, timezone) >= firstMs ? day : addDays(day, 1);
  const tickMs = ticks.after(startOfDayMs(addDays(first, 1), timezone) - 1);
  return tickMs === undefined ? undefined : dayBefore(ticks, tickMs, timezone);
}

/** The local day before that of a tick; due at the first tick after it. */
function dayBefore(ticks: Ticks, tickMs: number, timezone: string): DataInterval {
  const endMs = startOfDayMs(dayOf(tickMs, timezone), timezone);
  // Not one calendar day back: a day that a zone left out (Apia, 2011-12-30) is no day.
  const startMs = startOfDayMs(dayOf(endMs - 1, timezone), timezone);
  return interval(startMs, endMs, ticks.after(endMs - 1) ?? tickMs, timezone);
}

/** From the first tick at or after `firstMs` to the one after it. */
function nextStretch(ticks: Ticks, firstMs: number, timezone: string): DataInterval | undefined {
  const startMs = ticks.after(firstMs - 1);
  const endMs = startMs === undefined ? undefined : ticks.after(startMs);
  return startMs === undefined || endMs === undefined ? undefined : interval(startMs, endMs, endMs, timezone);
}

/** From the tick before `tickMs` to it. */
function stretchBefore(ticks: Ticks, tickMs: number, timezone: string): DataInterval | undefined {
  const startMs = ticks.atOrBefore(tickMs - 1);
  return startMs === undefined ? undefined : interval(startMs, tickMs, tickMs, timezone);
}

function wholeDay(day: string, timezone: string): DataInterval {
  const endMs = startOfDayMs(addDays(day, 1), timezone);
  return interval(startOfDayMs(day, timezone), endMs, endMs, timezone);
}

function interval(startMs: number, endMs: number, runAfterMs: number, timezone: string): DataInterval {
  invariant(startMs < endMs && endMs <= runAfterMs, `the interval ${startMs} to ${endMs}, due ${runAfterMs}`);
  return {
    startMs,
    endMs,
    startIso: localIso(startMs, timezone),
    endIso: localIso(endMs, timezone),
    day: dayOf(startMs, timezone),
    runAfterMs,
  };
}

interface Ticks {
  /** The first tick after an instant. */
  after(instantMs: number): number | undefined;
  atOrBefore(instantMs: number): number | undefined;
}

const known = new Map<string, Ticks>();

/** Ticks fall on whole seconds; croner takes its reference as exclusive, to the second. */
function ticksOf(schedule: string, timezone: string): Ticks {
  const key = `${timezone} ${schedule}`;
  let ticks = known.get(key);
  if (ticks === undefined) {
    const cron = new Cron(schedule, { timezone, paused: true });
    ticks = {
      after: (instantMs) => cron.nextRun(new Date(Math.floor(instantMs / 1000) * 1000))?.getTime(),
      atOrBefore: (instantMs) =>
        cron.previousRuns(1, new Date(Math.floor(instantMs / 1000) * 1000 + 1000))[0]?.getTime(),
    };
    known.set(key, ticks);
  }
  return ticks;
}
