/** Attempts: what a task is given, what it may give back, and how it is told to stop. */
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asset } from '../../engine/asset.ts';
import { dag } from '../../engine/dag.ts';
import { runLocally } from '../../engine/local-executor.ts';
import { runAttempt } from '../../engine/run-attempt.ts';
import { RetryLater } from '../../engine/signals.ts';
import { defineTask, taskFactory } from '../../engine/task.ts';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import { silentLogger } from '../../infra/log.ts';

import { add, count, numbers, single, square, sum, useRuns } from './sums.ts';

const runs = useRuns();
const { run } = runs;

describe('an attempt', () => {
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
    await runLocally(looking, {
      day: '2018-11-04',
      services: { name: 'shop' },
      scratchDir: runs.scratchDir,
      maxParallel: 1,
    });
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

  it('hands a task its inputs in the order of the wiring, however they come', async () => {
    const seen: string[][] = [];
    const both = defineTask({
      name: 'both',
      reads: { list: numbers, total: sum },
      run: (_ctx, inputs) => void seen.push(Object.keys(inputs)),
    });
    const wired = dag('wired', { schedule: null }, (task) => {
      const list = task(count, {});
      task(both, { list, total: task(add, { all: list }) });
    });
    const request = {
      ...{ runId: 'r', taskId: 'both', mapIndex: -1, mapCount: 1, attempt: 1, day: '2018-10-01', params: {} },
      interval: { startIso: '', endIso: '' },
    };
    const environment = { services: {}, log: silentLogger, scratchDir: runs.scratchDir };
    for (const inputs of [
      { total: 6, list: [1, 2, 3] },
      { list: [], total: 0 },
    ])
      expect(await runAttempt(wired, { ...request, inputs }, environment)).toEqual({ kind: 'success' });
    expect(seen).toEqual([
      ['list', 'total'],
      ['list', 'total'],
    ]);
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

  it('refuses results that are too large, no JSON, or no list where one is mapped over', async () => {
    const text = asset<string>()('text');
    const big = defineTask({ name: 'big', makes: text, run: () => 'x'.repeat(300_000) });
    const odd = defineTask({ name: 'odd', makes: asset<bigint>()('odd'), run: () => 1n });
    const none = defineTask({ name: 'none', makes: numbers, run: () => 7 as never });
    const endless = defineTask({ name: 'endless', makes: numbers, run: () => Array(10_001).fill(0) });
    const wrong = dag('wrong', { schedule: null }, (task) => {
      task(big, {});
      task(odd, {});
      task(square, { each: task(none, {}) });
      task(square, { each: task(endless, {}) }, { id: 'square-endless' });
    });
    const messages = (await run(wrong)).tasks.flatMap(({ error }) => error?.message ?? []);
    expect(messages).toEqual([
      'Task "big" returned 300002 bytes of JSON, more than 262144; put the data into the lake and return its key.',
      'Task "odd" returned a value that JSON cannot hold; return plain objects, lists, strings, numbers, booleans and null.',
      'Task "none" returned no list, but task "square" is mapped over it; return a list.',
      'Task "endless" returned 10001 elements for task "square-endless" to map over, more than 10000; put more work into each element.',
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
    expect(await readdir(runs.scratchDir)).toEqual([]);
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

  it('does not try again what cannot be helped by it', async () => {
    const parts = { subject: 'Table "t"', reason: 'is fenced', remedy: 'do nothing', retryable: false };
    const fenced = single(() => Promise.reject(new FlyerlineError('FL_FENCED', parts)));
    const { tasks } = await run(fenced);
    expect(tasks[0]).toMatchObject({ attempts: 1, state: 'failed', error: { code: 'FL_FENCED' } });
  });
});
