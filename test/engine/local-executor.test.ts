/** Whole DAGs in one process: what tasks receive, how failures, retries, limits and interrupts end. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asset } from '../../engine/asset.ts';
import { type Dag, dag } from '../../engine/dag.ts';
import { type LocalEvent, type LocalRunSettings, runLocally } from '../../engine/local-executor.ts';
import { RescheduleTask, RetryLater, SkipTask } from '../../engine/signals.ts';
import { defineTask, taskFactory } from '../../engine/task.ts';
import type { TaskContext } from '../../engine/task-context.ts';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';

const numbers = asset<readonly number[]>()('numbers');
const sum = asset<number>()('sum');

const count = defineTask({ name: 'count', makes: numbers, run: () => [1, 2, 3] });
const square = defineTask({
  name: 'square',
  reads: { each: numbers },
  makes: numbers,
  expand: 'each',
  run: (_ctx, { each }) => each * each,
});
const add = defineTask({
  name: 'add',
  reads: { all: numbers },
  makes: sum,
  run: (_ctx, { all }) => all.reduce((total, each) => total + each, 0),
});

const quick = { retry: { attemptsMax: 3, backoffMs: 1, jitter: 0 } };
let scratchDir: string;

beforeEach(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'flyerline-test-'));
});
afterEach(async () => {
  expect(await readdir(scratchDir), 'scratch directories left behind').toEqual([]);
  await rm(scratchDir, { recursive: true });
});

function run(what: Dag, settings: Partial<LocalRunSettings<unknown>> = {}) {
  return runLocally(what, { day: '2018-10-01', services: {}, scratchDir, ...settings });
}

/** A DAG of one task that does what `body` says. */
function single(body: (ctx: TaskContext) => unknown, options: { timeoutMs?: number } = {}): Dag {
  const task = defineTask({ name: 'only', ...quick, ...options, run: async (ctx) => void (await body(ctx)) });
  return dag('single', { schedule: null }, (wire) => wire(task, {}));
}

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

  it('tells a task where it is: interval, day, map index, parameters, services', async () => {
    const seen: Record<string, unknown>[] = [];
    const look = taskFactory<{ readonly name: string }>()({
      name: 'look',
      reads: { each: numbers },
      makes: numbers,
      expand: 'each',
      params: z.object({ size: z.number() }),
      run({ services, params, day, interval, mapIndex, mapCount, attempt, scratchDir: own }, { each }) {
        expect(existsSync(own)).toBe(true);
        seen.push({ name: services.name, size: params.size, day, interval, mapIndex, mapCount, attempt });
        return each;
      },
    });
    const options = {
      schedule: null,
      timezone: 'America/Toronto',
      params: z.object({ size: z.number().default(7) }),
    };
    const looking = dag<{ readonly name: string }>('looking', options, (task) =>
      task(look, { each: task(count, {}) }),
    );
    await runLocally(looking, { day: '2018-11-04', services: { name: 'shop' }, scratchDir, maxParallel: 1 });
    const interval = { startIso: '2018-11-04T00:00:00-04:00', endIso: '2018-11-05T00:00:00-05:00' };
    expect(seen).toEqual(
      [0, 1, 2].map((mapIndex) => ({
        name: 'shop',
        size: 7,
        day: '2018-11-04',
        interval,
        mapIndex,
        mapCount: 3,
        attempt: 1,
      })),
    );
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

  it('does not try again what cannot be helped by it', async () => {
    const parts = { subject: 'Table "t"', reason: 'is fenced', remedy: 'do nothing', retryable: false };
    const fenced = single(() => Promise.reject(new FlyerlineError('FL_FENCED', parts)));
    const { tasks } = await run(fenced);
    expect(tasks[0]).toMatchObject({ attempts: 1, state: 'failed', error: { code: 'FL_FENCED' } });
  });

  it('waits as long as the thrower asks', async () => {
    const startsMs: number[] = [];
    const limited = single(({ attempt }) => {
      startsMs.push(Date.now());
      if (attempt === 1) throw new RetryLater('too many requests', { delayMs: 120 });
    });
    expect((await run(limited)).state).toBe('success');
    expect(startsMs[1]! - startsMs[0]!).toBeGreaterThanOrEqual(115);
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

  it('refuses a branch to what is not right behind', async () => {
    const { tasks } = await run(single((ctx) => ctx.branch('nowhere')));
    expect(tasks[0]?.error?.message).toBe(
      'Task "only" branches to "nowhere"; name tasks right behind it: none.',
    );
  });

  it('ends an attempt at its timeout, by telling it to stop', async () => {
    let told: unknown;
    const slow = single(
      async ({ signal, attempt }) => {
        if (attempt > 1) return;
        await sleep(10_000, undefined, { signal }).catch(() => {
          told = signal.reason;
        });
      },
      { timeoutMs: 40 },
    );
    expect(await run(slow)).toMatchObject({ state: 'success', tasks: [{ attempts: 2 }] });
    expect(isFlyerlineError(told, 'FL_TASK_TIMEOUT')).toBe(true);
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

  it('refuses results that are too large, no JSON, or no list where one is mapped over', async () => {
    const text = asset<string>()('text');
    const big = defineTask({ name: 'big', makes: text, run: () => 'x'.repeat(300_000) });
    const odd = defineTask({ name: 'odd', makes: asset<bigint>()('odd'), run: () => 1n });
    const none = defineTask({ name: 'none', makes: numbers, run: () => 7 as never });
    const wrong = dag('wrong', { schedule: null }, (task) => {
      task(big, {});
      task(odd, {});
      task(square, { each: task(none, {}) });
    });
    const messages = (await run(wrong)).tasks.map(({ error }) => error?.message);
    expect(messages.slice(0, 3)).toEqual([
      'Task "big" returned 300002 bytes of JSON, more than 262144; put the data into the lake and return its key.',
      'Task "odd" returned a value that JSON cannot hold; return plain objects, lists, strings, numbers, booleans and null.',
      'Task "none" returned no list, but task "square" is mapped over it; return a list.',
    ]);
  });

  it('passes on what JSON gives back, so that one process and many do the same', async () => {
    let received: unknown;
    const dates = asset<{ readonly at: string }>()('dates');
    const make = defineTask({ name: 'make', makes: dates, run: () => ({ at: new Date(0) }) as never });
    const read = defineTask({
      name: 'read',
      reads: { dates },
      run(_ctx, inputs) {
        received = inputs.dates;
      },
    });
    await run(dag('dated', { schedule: null }, (task) => task(read, { dates: task(make, {}) })));
    expect(received).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  });

  it('removes the scratch directory of each attempt, whatever is in it', async () => {
    await run(single(({ scratchDir: own }) => writeFile(join(own, 'spill.tmp'), 'x')));
    expect(await readdir(scratchDir)).toEqual([]);
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
