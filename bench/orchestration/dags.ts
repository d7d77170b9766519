/** DAGs for the benchmarks of the engine: chains, fan-outs and buckets of tasks that do next to nothing. */
import { asset } from '../../engine/asset.ts';
import { dag, type TaskRef } from '../../engine/dag.ts';
import { defineTask } from '../../engine/task.ts';

const numbers = asset<readonly number[]>()('numbers');

/** Windmill's benchmark task. */
const fibonacci = defineTask({
  name: 'fibonacci',
  run: () => {
    if (fib(10) !== 55) throw new Error('the machine cannot add');
  },
});

const noop = defineTask({ name: 'noop', run: () => {} });

const each = defineTask({
  name: 'each',
  reads: { number: numbers },
  expand: 'number',
  run: () => {},
});

const range = (count: number) =>
  defineTask({ name: 'range', makes: numbers, run: () => Array.from({ length: count }, (_, n) => n) });

function chain(id: string, length: number, task: typeof noop) {
  return dag(id, { schedule: null, activeRunsMax: 100_000 }, (wire) => {
    let before: TaskRef | undefined;
    for (let n = 0; n < length; n += 1) {
      before = wire(task, {}, { id: `step-${n}`, ...(before === undefined ? {} : { after: [before] }) });
    }
  });
}

function fanOut(id: string, width: number) {
  return dag(id, { schedule: null, activeRunsMax: 100_000 }, (wire) => {
    const list = wire(range(width), {});
    const mapped = wire(each, { number: list });
    wire(noop, {}, { id: 'join', after: [mapped] });
  });
}

/** 64 tasks without order: a backfilled day with its buckets. */
const buckets = dag('buckets-64', { schedule: null, activeRunsMax: 16 }, (wire) => {
  for (let n = 0; n < 64; n += 1) wire(noop, {}, { id: `bucket-${n}` });
});

export const dags = [
  chain('chain-40', 40, fibonacci),
  chain('steps-3', 3, noop),
  chain('linear-10', 10, noop),
  chain('linear-100', 100, noop),
  fanOut('fan-out-1000', 1_000),
  fanOut('fan-out-10000', 10_000),
  buckets,
];

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
