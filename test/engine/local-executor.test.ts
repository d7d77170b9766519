/** Whole DAGs in one process: how results travel, and how failures, retries, skips and interrupts end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dag } from '../../engine/dag.ts';
import type { LocalEvent } from '../../engine/local-executor.ts';
import { RescheduleTask, SkipTask } from '../../engine/signals.ts';
import { defineTask } from '../../engine/task.ts';

import { add, count, numbers, quick, single, square, useRuns } from './sums.ts';

const runs = useRuns();
const { run } = runs;

describe('the local executor', () => {
  it('passes results on, maps over lists, and sums up', async () => {
    const sums = dag('sums', { schedule: null }, (task) => {
      const counted = task(count, {});
      const squared = task(square, { each: counted });
      task(add, { all: task(square, { each: squared }, { id: 'square-again' }) });
    });
    const summary = await run(sums);
    expect(summary).toMatchObject({
      dagId: 'sums',
      runId: 'manual__2018-10-01T00:00:00Z',
      state: 'success',
      day: '2018-10-01',
    });
    expect(
      summary.tasks.map(({ taskId, mapIndex, state, attempts, result }) => [
        taskId,
        mapIndex,
        state,
        attempts,
        result,
      ]),
    ).toEqual([
      ['count', -1, 'success', 1, [1, 2, 3]],
      ['square', 0, 'success', 1, 1],
      ['square', 1, 'success', 1, 4],
      ['square', 2, 'success', 1, 9],
      ['square-again', 0, 'success', 1, 1],
      ['square-again', 1, 'success', 1, 16],
      ['square-again', 2, 'success', 1, 81],
      ['add', -1, 'success', 1, 98],
    ]);
  });

  it('refuses parameters that do not fit, before anything runs', async () => {
    const strict = dag('strict', { schedule: null, params: z.object({ size: z.number() }) }, (task) =>
      task(count, {}),
    );
    await expect(run(strict, { params: { size: 'big' } })).rejects.toThrow(
      /^Parameters of DAG "strict" do not fit \(size: .*\); correct them and start the run again\.$/,
    );
  });

  it('tries again after a failure, and says which attempt it is', async () => {
    const attempts: number[] = [];
    const flaky = single(({ attempt }) => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error('not yet');
    });
    const { state, tasks } = await run(flaky);
    expect([state, tasks[0]?.attempts, tasks[0]?.error]).toEqual(['success', 3, undefined]);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('fails after the last attempt, and what reads from it does not run', async () => {
    const broken = defineTask({
      name: 'broken',
      makes: numbers,
      ...quick,
      run(): readonly number[] {
        throw new Error('no luck');
      },
    });
    const summary = await run(
      dag('failing', { schedule: null }, (task) => task(add, { all: task(broken, {}) })),
    );
    expect(summary.state).toBe('failed');
    expect(summary.tasks).toMatchObject([
      {
        taskId: 'broken',
        state: 'failed',
        attempts: 3,
        error: { code: 'FL_TASK_FAILED', message: 'no luck' },
      },
      { taskId: 'add', state: 'upstream_failed', attempts: 0 },
    ]);
  });

  it('asks a sensor again without using up its attempts, until its time is up', async () => {
    let pokes = 0;
    const patient = single(() => {
      pokes += 1;
      if (pokes < 6) throw new RescheduleTask('no drop yet', { delayMs: 5 });
    });
    expect(await run(patient)).toMatchObject({ state: 'success', tasks: [{ attempts: 6 }] });
    const hopeless = single(() => {
      throw new RescheduleTask('no drop yet', { delayMs: 20, timeoutMs: 50 });
    });
    const { tasks } = await run(hopeless);
    expect(tasks[0]).toMatchObject({ state: 'failed', error: { code: 'FL_TASK_TIMEOUT' } });
    expect(tasks[0]?.error?.message).toContain('no drop yet');
  });

  it('skips what a task skips, cuts or branches away from', async () => {
    const skipping = single(() => {
      throw new SkipTask('a holiday');
    });
    expect((await run(skipping)).tasks[0]).toMatchObject({ state: 'skipped', note: 'a holiday' });

    const stop = defineTask({ name: 'stop', run: (ctx) => ctx.shortCircuit('nothing new') });
    const fork = defineTask({ name: 'fork', run: (ctx) => ctx.branch('left') });
    const end = (name: string, triggerRule: 'all_success' | 'all_done' | 'none_failed' = 'all_success') =>
      defineTask({ name, triggerRule, run: () => {} });
    const cut = dag('cut', { schedule: null }, (task) => {
      const after = task(end('next'), {}, { after: [task(stop, {})] });
      task(end('always', 'all_done'), {}, { after: [after] });
    });
    expect((await run(cut)).tasks.map(({ state }) => state)).toEqual(['success', 'skipped', 'skipped']);

    const forked = dag('forked', { schedule: null }, (task) => {
      const forking = task(fork, {});
      const left = task(end('left'), {}, { after: [forking] });
      const right = task(end('right'), {}, { after: [forking] });
      task(end('join', 'none_failed'), {}, { after: [left, right, forking] });
    });
    const states = (await run(forked)).tasks.map(({ taskId, state }) => `${taskId} ${state}`);
    expect(states).toEqual(['fork success', 'left success', 'right skipped', 'join success']);
  });

  it('cancels on interrupt: what runs is told to stop, nothing else starts', async () => {
    const stop = new AbortController();
    const started: string[] = [];
    const wait = defineTask({
      name: 'wait',
      async run({ signal }) {
        started.push('wait');
        setTimeout(() => stop.abort(), 10);
        await sleep(10_000, undefined, { signal });
      },
    });
    const then = defineTask({ name: 'then', triggerRule: 'all_done', run: () => void started.push('then') });
    const waiting = dag('waiting', { schedule: null }, (task) => task(then, {}, { after: [task(wait, {})] }));
    const startMs = Date.now();
    const summary = await run(waiting, { signal: stop.signal });
    expect(Date.now() - startMs).toBeLessThan(2000);
    expect(summary.state).toBe('failed');
    expect(summary.tasks).toMatchObject([
      { state: 'failed', error: { code: 'FL_CANCELLED', message: 'The run was interrupted' } },
      { state: 'skipped', note: 'The run was interrupted' },
    ]);
    expect(started).toEqual(['wait']);
  });

  it('cancels a run that takes longer than it may', async () => {
    const slow = defineTask({
      name: 'slow',
      run: ({ signal }) => sleep(10_000, undefined, { signal }),
    });
    const summary = await run(dag('slow', { schedule: null, runTimeoutMs: 30 }, (task) => task(slow, {})));
    expect(summary).toMatchObject({
      state: 'failed',
      tasks: [{ error: { code: 'FL_CANCELLED', message: 'The run took longer than 30 ms' } }],
    });
  });

  it('starts nothing when it is interrupted before it starts', async () => {
    const summary = await run(
      single(() => expect.unreachable('it ran')),
      { signal: AbortSignal.abort() },
    );
    expect(summary).toMatchObject({ state: 'failed', tasks: [{ state: 'skipped', attempts: 0 }] });
  });

  it('runs as many attempts at a time as allowed, larger priorities first', async () => {
    let now = 0;
    let most = 0;
    const order: string[] = [];
    const work = defineTask({
      name: 'work',
      async run({ taskId }) {
        order.push(taskId);
        now += 1;
        most = Math.max(most, now);
        await sleep(5);
        now -= 1;
      },
    });
    const many = dag('many', { schedule: null }, (task) => {
      for (let n = 0; n < 6; n += 1) task(work, {}, { id: `work-${n}`, priority: n });
    });
    await run(many, { maxParallel: 2 });
    expect(most).toBe(2);
    expect(order.slice(2)).toEqual(['work-3', 'work-2', 'work-1', 'work-0']);
  });

  it('runs no more attempts of a task, or of the DAG, than may run at a time', async () => {
    const active = { scarce: 0, free: 0 };
    const most = { scarce: 0, free: 0, all: 0 };
    const work = async (name: 'scarce' | 'free') => {
      active[name] += 1;
      most[name] = Math.max(most[name], active[name]);
      most.all = Math.max(most.all, active.scarce + active.free);
      await sleep(5);
      active[name] -= 1;
    };
    const scarce = defineTask({
      name: 'scarce',
      reads: { n: numbers },
      expand: 'n',
      activeMax: 1,
      priority: 9,
      run: () => work('scarce'),
    });
    const free = defineTask({ name: 'free', run: () => work('free') });
    const limited = dag('limited', { schedule: null, activeTasksMax: 3 }, (task) => {
      task(scarce, { n: task(count, {}) });
      for (let n = 0; n < 6; n += 1) task(free, {}, { id: `free-${n}` });
    });
    const summary = await run(limited, { maxParallel: 8 });
    expect(summary.state).toBe('success');
    expect(most).toMatchObject({ scarce: 1, all: 3 });
  });

  it('tells a display what happens, in order', async () => {
    const events: string[] = [];
    const flaky = single((ctx) => {
      ctx.progress(1, 2, 'half');
      if (ctx.attempt === 1) throw new Error('once');
    });
    await run(flaky, { onEvent: (event) => events.push(describeEvent(event)) });
    expect(events).toEqual([
      'run-started',
      'attempt-started 1',
      'progress 1/2 half',
      'attempt-ended 1 failure up_for_retry',
      'attempt-started 2',
      'progress 1/2 half',
      'attempt-ended 2 success success',
      'task-finished only success',
      'run-finished success',
    ]);
  });

  it('maps over ten thousand elements in seconds', async () => {
    const many = defineTask({
      name: 'many',
      makes: numbers,
      run: () => Array.from({ length: 10_000 }, (_, n) => n),
    });
    const wide = dag('wide', { schedule: null }, (task) =>
      task(add, { all: task(square, { each: task(many, {}) }) }),
    );
    const summary = await run(wide, { maxParallel: 8 });
    expect(summary.state).toBe('success');
    expect(summary.tasks.at(-1)?.result).toBe(333_283_335_000);
    expect(summary.durationMs).toBeLessThan(15_000);
  });
});

function describeEvent(event: LocalEvent): string {
  switch (event.type) {
    case 'attempt-started':
      return `${event.type} ${event.attempt}`;
    case 'attempt-ended':
      return `${event.type} ${event.attempt} ${event.outcome.kind} ${event.state}`;
    case 'progress':
      return `${event.type} ${event.done}/${event.total} ${event.note}`;
    case 'task-finished':
      return `${event.type} ${event.taskId} ${event.state}`;
    case 'run-finished':
      return `${event.type} ${event.state}`;
    default:
      return event.type;
  }
}
