/** Small DAGs for tests of runs in this process: three tasks that count, square and add, and a DAG of one task. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { asset } from '../../engine/asset.ts';
import { type Dag, dag } from '../../engine/dag.ts';
import { type LocalRunSettings, runLocally } from '../../engine/local-executor.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import { defineTask } from '../../engine/task.ts';
import type { TaskContext } from '../../engine/task-context.ts';

export const numbers = asset<readonly number[]>()('numbers');
export const sum = asset<number>()('sum');

export const count = defineTask({ name: 'count', makes: numbers, run: () => [1, 2, 3] });
export const square = defineTask({
  name: 'square',
  reads: { each: numbers },
  makes: numbers,
  expand: 'each',
  run: (_ctx, { each }) => each * each,
});
export const add = defineTask({
  name: 'add',
  reads: { all: numbers },
  makes: sum,
  run: (_ctx, { all }) => all.reduce((total, each) => total + each, 0),
});

/** Task options: three attempts, at once. */
export const quick = { retry: { attemptsMax: 3, backoffMs: 1, jitter: 0 } };

/** A DAG of one task that does what `body` says. */
export function single(
  body: (ctx: TaskContext) => unknown,
  options: { readonly timeoutMs?: number } = {},
): Dag {
  const task = defineTask({ name: 'only', ...quick, ...options, run: async (ctx) => void (await body(ctx)) });
  return dag('single', { schedule: null }, (wire) => wire(task, {}));
}

export interface Runs {
  readonly scratchDir: string;
  run(what: Dag, settings?: Partial<LocalRunSettings<unknown>>): Promise<RunSummary>;
}

/** Runs with a scratch directory of each test, in which nothing may be left behind. */
export function useRuns(): Runs {
  let scratchDir = '';
  beforeEach(async () => {
    scratchDir = await mkdtemp(join(tmpdir(), 'flyerline-test-'));
  });
  afterEach(async () => {
    expect(await readdir(scratchDir), 'scratch directories left behind').toEqual([]);
    await rm(scratchDir, { recursive: true });
  });
  return {
    get scratchDir() {
      return scratchDir;
    },
    run: (what, settings = {}) =>
      runLocally(what, { day: '2018-10-01', services: {}, scratchDir, ...settings }),
  };
}
