/** Deadlines: local clock time after the interval, and a forecast from how long tasks usually take. */
import { describe, expect, it } from 'vitest';
import { deadlineMsOf, forecast } from '../../engine/deadline.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { driveRun, graphOf } from '../support/run-driver.ts';

const usual: Record<string, number> = { a: 1000, b: 5000, c: 2000, d: 500 };
const usualMs = (taskId: string) => usual[taskId];
const diamond = graphOf({
  a: {},
  b: { upstream: ['a'] },
  c: { upstream: ['a'] },
  d: { upstream: ['b', 'c'] },
});

describe('deadlineMsOf', () => {
  it('is a clock time of the day on which the interval ends, also when the clock changes that night', () => {
    const options = { schedule: null, timezone: 'America/Toronto', deadline: '06:00' } as const;
    const at = (day: string) => new Date(deadlineMsOf(options, intervalOfDay(options, day))!).toISOString();
    expect(at('2026-03-06')).toBe('2026-03-07T11:00:00.000Z');
    expect(at('2026-03-07')).toBe('2026-03-08T10:00:00.000Z');
    expect(deadlineMsOf({ timezone: 'UTC' }, { endMs: 0 })).toBeUndefined();
  });
});

describe('forecast', () => {
  it('adds up the slowest way to the end', () => {
    const run = driveRun(diamond);
    run.start();
    expect(forecast(run.state, { deadlineMs: 10_000, nowMs: 1000, usualMs })).toEqual({
      verdict: 'expected',
      endMs: 7500,
      criticalPath: ['a', 'b', 'd'],
    });
  });

  it('warns before the deadline is missed, when a task takes longer than usual', () => {
    const run = driveRun(diamond);
    run.start();
    run.claim('a');
    expect(forecast(run.state, { deadlineMs: 8000, nowMs: 2000, usualMs }).verdict).toBe('expected');
    expect(forecast(run.state, { deadlineMs: 8000, nowMs: 3000, usualMs })).toMatchObject({
      verdict: 'at-risk',
      endMs: 8500,
    });
    expect(forecast(run.state, { deadlineMs: 8000, nowMs: 8001, usualMs }).verdict).toBe('missed');
  });

  it('counts what has ended as it was, and judges the end', () => {
    const run = driveRun(diamond);
    run.start();
    run.succeed('a');
    run.succeed('b');
    expect(forecast(run.state, { deadlineMs: 8000, nowMs: 1000, usualMs })).toMatchObject({
      endMs: 3500,
      criticalPath: ['c', 'd'],
    });
    run.succeed('c');
    run.nowMs = 4000;
    run.succeed('d');
    expect(forecast(run.state, { deadlineMs: 8000, nowMs: 9000, usualMs })).toEqual({
      verdict: 'met',
      endMs: 4000,
      criticalPath: [],
    });
    expect(forecast(run.state, { deadlineMs: 3000, nowMs: 9000, usualMs }).verdict).toBe('missed');
  });
});
