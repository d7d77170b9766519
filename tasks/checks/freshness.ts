/** Freshness: the events of a day reach its end, and drops were delivered after it; else part of the day is still to come. */
import { DAY_MS, dayStartMs } from '../day-horizon.ts';
import type { DayFacts } from './day-facts.ts';
import type { Observation } from './declare.ts';

const HOUR_MS = 3_600_000;

/** Hours without an event before local midnight. */
export function eventsUntilTheEnd({ day, inputs }: DayFacts, limitHours: number): Observation {
  const last = lastFile({ day, inputs });
  if (last === undefined) return unknown(`at most ${limitHours} h`, 'there is no event of the day');
  const hours = (dayStartMs(day) + DAY_MS - last.maxLocalMs) / HOUR_MS;
  return {
    observed: round(hours),
    isGood: hours <= limitHours,
    expected: `at most ${limitHours} h`,
    detail: `the last event is of ${clock(last.maxLocalMs)} local time, ${hours.toFixed(1)} h before the day's end`,
  };
}

/** Hours from the last drop to the day's end; negative: it came after it, as it should. */
export function deliveredAfterTheEnd({ day, inputs, drops }: DayFacts, limitHours: number): Observation {
  const expected = limitHours === 0 ? "after the day's end" : `at most ${limitHours} h before the day's end`;
  const last = lastFile({ day, inputs });
  if (last === undefined || drops.length === 0) return unknown(expected, 'no drop has an event of the day');
  const offsetMs = last.maxLocalMs - last.maxInstantMs;
  const endMs = dayStartMs(day) + DAY_MS - offsetMs;
  const newest = drops.reduce((a, b) => (b.deliveredMs > a.deliveredMs ? b : a));
  const hours = (endMs - newest.deliveredMs) / HOUR_MS;
  const away =
    Math.abs(hours) >= 48 ? `${Math.round(Math.abs(hours) / 24)} days` : `${Math.abs(hours).toFixed(1)} h`;
  return {
    observed: round(hours),
    isGood: hours <= limitHours,
    expected,
    detail: `the last drop, ${newest.key}, came ${away} ${hours > 0 ? 'before' : 'after'} the day's end`,
  };
}

function lastFile({ day, inputs }: Pick<DayFacts, 'day' | 'inputs'>) {
  const files = inputs.files.filter((file) => file.day === day && file.rowCount > 0);
  return files.length === 0 ? undefined : files.reduce((a, b) => (b.maxLocalMs > a.maxLocalMs ? b : a));
}

const unknown = (expected: string, detail: string): Observation => ({
  ...{ observed: null, isGood: false, expected, detail },
});

const round = (hours: number): number => Math.round(hours * 100) / 100;
const clock = (localMs: number): string => new Date(localMs).toISOString().slice(11, 19);
