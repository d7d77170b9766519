/** Deadlines: local clock time after the interval, and a forecast from how long tasks usually take. */
import { describe, expect, it } from 'vitest';
import type { Deadline } from '../../engine/dag.ts';
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
  const options = { schedule: null, timezone: 'America/Toronto' } as const;
  const at = (deadline: Deadline, day: string) =>
    new Date(deadlineMsOf(options, deadline, intervalOfDay(options, day))).toISOString();

  it('is a clock time of the day on which the interval ends, also when the clock changes that night', () => {
    expect(at({ by: '06:00' }, '2026-03-06')).toBe('2026-03-07T11:00:00.000Z');
    expect(at({ by: '06:00' }, '2026-03-07')).toBe('2026-03-08T10:00:00.000Z');
    expect(at({ by: '02:30' }, '2026-03-07')).toBe('2026-03-08T07:30:00.000Z'); // 02:30 does not exist: 03:30.
  });

  it('may be on a later day, and in another zone', () => {
    expect(at({ by: '06:00', daysAfter: 2 }, '2026-03-06')).toBe('2026-03-09T10:00:00.000Z');
    expect(at({ by: '09:00', timezone: 'Europe/Berlin' }, '2026-03-06')).toBe('2026-03-07T08:00:00.000Z');
  });
});

describe('forecast', () => {
  it('adds up the slowest way to the end', () => {
    const run = driveRun(diamond);
    run.start();
    expect(forecast(run.state, { deadlineMs: 10_000, nowMs: 1000, usualMs })).toEqual({
      verdict: 'expected',
      ended: false,
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
      ended: true,
      endMs: 4000,
      criticalPath: [],
    });
    expect(forecast(run.state, { deadlineMs: 3000, nowMs: 9000, usualMs }).verdict).toBe('missed');
  });

  it('looks only at the part that the deadline is about, and at what that needs', () => {
    const run = driveRun(diamond);
    run.start();
    const of = (part: string) => forecast(run.state, { deadlineMs: 5000, nowMs: 1000, usualMs, of: part });
    expect(of('c')).toMatchObject({ verdict: 'expected', endMs: 4000, criticalPath: ['a', 'c'] });
    expect(of('b')).toMatchObject({ verdict: 'at-risk', endMs: 7000, criticalPath: ['a', 'b'] });
    run.succeed('a');
    run.succeed('c');
    expect(of('c')).toMatchObject({ verdict: 'met', ended: true });
  });

  it('is at risk as soon as something that it needs has failed, however far the deadline', () => {
    const run = driveRun(diamond);
    run.start();
    run.succeed('a');
    run.fail('b');
    run.claim('c');
    // What the failed task blocks is known before what is beside it has ended.
    const later = (nowMs: number) => forecast(run.state, { deadlineMs: 1e9, nowMs, usualMs });
    expect(later(2000)).toMatchObject({ verdict: 'at-risk', ended: false, blockedBy: 'b' });
    expect(later(2e9).verdict).toBe('missed');
  });

  it('counts a retry from when it is due, and a run that has not begun from its start', () => {
    const waiting = driveRun(graphOf({ a: { retry: { ...diamond.tasks[0]!.retry, attemptsMax: 2 } } }));
    const options = { deadlineMs: 8000, nowMs: 1000, usualMs };
    expect(forecast(waiting.state, { ...options, startMs: 7500 })).toMatchObject({
      verdict: 'at-risk',
      endMs: 8500,
    });
    waiting.start();
    waiting.claim('a');
    const error = { code: 'FL_TASK_FAILED', message: 'no luck' };
    waiting.send({ type: 'fail', ...waiting.held('a'), error, retryable: true, delayMs: 7000, random: 0 });
    expect(forecast(waiting.state, options).endMs).toBe(9000);
  });
});
