/** DAGs for the benchmarks of the engine: chains, fan-outs and buckets of tasks that do next to nothing. */
import { asset } from '../../engine/asset.ts';
import { type Dag, dag, type TaskRef } from '../../engine/dag.ts';
import { defineTask } from '../../engine/task.ts';

const numbers = asset<readonly number[]>()('numbers');

/** The task of Windmill's benchmark. */
const fibonacci = defineTask({
  name: 'fibonacci',
  run: () => {
    if (fib(10) !== 55) throw new Error('the machine cannot add');
  },
});

const noop = defineTask({ name: 'noop', run: () => {} });

const range = defineTask({
  name: 'range',
  makes: numbers,
  run: ({ params }) => Array.from({ length: Number(params.width) }, (_, n) => n),
});

const each = defineTask({
  name: 'each',
  reads: { number: numbers },
  expand: 'number',
  run: () => {},
});

/** No limit of runs at a time but in the backfill, which has that of a DAG that says nothing. */
const unlimited = { schedule: null, activeRunsMax: 100_000 } as const;

export const chain40 = chain('chain-40', 40, fibonacci);
export const steps3 = chain('steps-3', 3, noop);
export const linear10 = chain('linear-10', 10, noop);
export const linear100 = chain('linear-100', 100, noop);

/** A list, a task mapped over it, and one that waits for all of it. The run parameter `width` says how long the list is. */
export const fanOut = dag('fan-out', unlimited, (wire) => {
  const mapped = wire(each, { number: wire(range, {}) });
  wire(noop, {}, { id: 'join', after: [mapped] });
});

export const BUCKETS = 64;

/** 64 tasks without order: a day of a backfill, in buckets. */
export const buckets64 = dag('buckets-64', { schedule: null }, (wire) => {
  for (let n = 0; n < BUCKETS; n += 1) wire(noop, {}, { id: `bucket-${n}` });
});

export const dags: readonly Dag[] = [chain40, steps3, linear10, linear100, fanOut, buckets64];

function chain(id: string, length: number, task: typeof noop): Dag {
  return dag(id, unlimited, (wire) => {
    let before: TaskRef | undefined;
    for (let n = 0; n < length; n += 1) {
      before = wire(task, {}, { id: `step-${n}`, ...(before === undefined ? {} : { after: [before] }) });
    }
  });
}

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
