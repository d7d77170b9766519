/** What is measured of the engine, each scenario with the figures that others have published for theirs. */
import { median } from '../support/statistics.ts';
import { measureAirflow } from './airflow-peer.ts';
import { startBullPeer } from './bullmq-peer.ts';
import { BUCKETS, buckets64, chain40, fanOut, linear10, linear100, steps3 } from './dags.ts';
import { measurePrefect } from './prefect-peer.ts';
import { startProbe } from './redis-probe.ts';
import type { Figure, Measured, ScenarioName } from './result.ts';
import { type BenchStack, WORKERS } from './stack.ts';

export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly measure: (stack: BenchStack, sizes: Sizes, signal: AbortSignal) => Promise<Measured>;
}

export interface Sizes {
  /** Elements that a task is mapped over. */
  readonly width: number;
  /** Days of the backfill, of 64 tasks each. */
  readonly days: number;
  /** Attempts of each worker at a time. */
  readonly concurrency: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'chain', title: 'Chain of 40 tasks that compute fibonacci(10)', measure: chain },
  { name: 'steps', title: 'Runs of 3 steps, one after another', measure: steps },
  { name: 'linear', title: '1,000 trivial tasks in chains', measure: linear },
  { name: 'fan-out', title: 'A task mapped over a long list, and a join', measure: fan },
  { name: 'backfill', title: 'A backfill of many days with 64 tasks each', measure: backfill },
  { name: 'bullmq', title: 'Plain BullMQ: flows of jobs, no DAG, no process per attempt', measure: bullmq },
  { name: 'prefect', title: 'Prefect', measure: (_stack, _sizes, signal) => measurePrefect(signal) },
  {
    name: 'airflow',
    title: 'Airflow',
    measure: (_stack, { concurrency }, signal) => measureAirflow(WORKERS * concurrency, signal),
  },
];

const WINDMILL = 'https://www.windmill.dev/docs/misc/benchmarks/competitors';
const WINDMILL_STEPS = 'https://github.com/windmill-labs/windmill/pull/8708';
const ASTRONOMER = 'https://www.astronomer.io/blog/airflow-2-scheduler/';

async function chain(stack: BenchStack): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let n = 0; n < 11; n += 1)
    times.push(await timed(async () => stack.ended([await stack.insert(chain40)])));
  const [first, ...warm] = times;
  const published =
    'Hatchet 1.2 s, Windmill 2.1-4.4 s, Temporal 3.0 s, Prefect 4.9 s, Kestra 6.0 s, Airflow 116 s';
  return [
    {
      title: 'median of 10',
      value: median(warm),
      unit: 'ms',
      limit: 250,
      relation: '≤',
      published,
      source: WINDMILL,
    },
    { title: 'the first one, in fresh processes', value: first!, unit: 'ms' },
  ];
}

async function steps(stack: BenchStack): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let n = 0; n < 100; n += 1)
    times.push(await timed(async () => stack.ended([await stack.insert(steps3)])));
  const batchMs = await timed(() => insertAndWait(stack, 200, () => stack.insert(steps3)));
  const single = 'Restate 4 ms, Windmill 103 ms, Temporal 119 ms, Kestra 177 ms, Airflow 3,792 ms';
  const batch = 'Restate 2,057, Windmill 152, Airflow 7';
  return [
    {
      title: 'median of 100',
      value: median(times),
      unit: 'ms',
      limit: 10,
      relation: '≤',
      published: single,
      source: WINDMILL_STEPS,
    },
    {
      title: '200 at a time',
      value: 200_000 / batchMs,
      unit: 'runs/s',
      limit: 300,
      relation: '≥',
      published: batch,
      source: WINDMILL_STEPS,
    },
  ];
}

async function linear(stack: BenchStack): Promise<readonly Figure[]> {
  const shortMs = await timed(() => insertAndWait(stack, 100, () => stack.insert(linear10)));
  const longMs = await timed(() => insertAndWait(stack, 10, () => stack.insert(linear100)));
  const limit = { unit: 'ms', limit: 2_000, relation: '≤', source: ASTRONOMER } as const;
  return [
    { title: '100 runs × 10 tasks', value: shortMs, ...limit, published: 'Airflow 2: 11.6 s' },
    { title: '10 runs × 100 tasks', value: longMs, ...limit, published: 'Airflow 2: 14.3 s' },
  ];
}

async function fan(stack: BenchStack, { width }: Sizes): Promise<readonly Figure[]> {
  await stack.redis.config('SET', 'slowlog-log-slower-than', '1000');
  await stack.redis.slowlog('RESET');
  const probe = startProbe(stack.redisUrl);
  const ms = await timed(async () => stack.ended([await stack.insert(fanOut, { width })]));
  const waits = await probe.stop();
  const slowest = (await stack.redis.slowlog('GET', '128')) as [number, number, number][];
  const limits = width === 10_000;
  return [
    {
      title: `${width} elements`,
      value: ms,
      unit: 'ms',
      ...(limits ? { limit: 6_000, relation: '≤' as const } : {}),
    },
    { title: 'tasks a second', value: (width + 2) / (ms / 1_000), unit: 'tasks/s' },
    {
      title: `longest wait of another client, of ${waits.asked}`,
      value: waits.worstMs,
      unit: 'ms',
      limit: 50,
      relation: '≤',
    },
    { title: '99th percentile of its waits', value: waits.p99Ms, unit: 'ms' },
    {
      title: 'longest command in Redis',
      value: Math.max(0, ...slowest.map(([, , us]) => us)) / 1_000,
      unit: 'ms',
    },
  ];
}

async function backfill(stack: BenchStack, { days }: Sizes): Promise<readonly Figure[]> {
  // What the first run brings along for all (the graph, the queue) is not counted.
  await stack.ended([await stack.insert(buckets64)]);
  const before = await stack.usedMemory();
  const sweeps: number[] = [];
  const looking = setInterval(async () => {
    sweeps.push(await timed(() => stack.engine.transition('take-outbox', [1])));
  }, 250);
  const ms = await timed(() => insertAndWait(stack, days, () => stack.insert(buckets64)));
  clearInterval(looking);
  const tasks = days * BUCKETS;
  const half = Math.floor(sweeps.length / 2);
  const third = Math.max(1, Math.floor(sweeps.length / 3));
  return [
    {
      title: `${tasks} tasks of ${days} runs`,
      value: tasks / (ms / 1_000),
      unit: 'tasks/s',
      limit: 1_000,
      relation: '≥',
    },
    {
      title: 'Redis memory',
      value: ((await stack.usedMemory()) - before) / tasks,
      unit: 'B/task',
      limit: 1_024,
      relation: '≤',
    },
    { title: "a scheduler's look, first half", value: median(sweeps.slice(0, half)), unit: 'ms' },
    { title: "a scheduler's look, second half", value: median(sweeps.slice(half)), unit: 'ms' },
    {
      title: 'its growth: last third to first third',
      value: median(sweeps.slice(-third)) / median(sweeps.slice(0, third)),
      unit: '×',
      // With a backlog of a thousand runs and after sixty thousand tasks as in the beginning; chance has its share in ms.
      ...(days >= 1_000 ? { limit: 2, relation: '≤' as const } : {}),
    },
  ];
}

async function bullmq(stack: BenchStack, { width, concurrency }: Sizes): Promise<readonly Figure[]> {
  const peer = await startBullPeer(stack.redisUrl, { workers: WORKERS, concurrency });
  try {
    const chains: number[] = [];
    for (let n = 0; n < 11; n += 1) chains.push(await timed(() => peer.chain(40)));
    const steps: number[] = [];
    for (let n = 0; n < 100; n += 1) steps.push(await timed(() => peer.chain(3)));
    const linearMs = await timed(() => Promise.all(Array.from({ length: 100 }, () => peer.chain(10))));
    const probe = startProbe(stack.redisUrl);
    const fanMs = await timed(() => peer.fanOut(width));
    const waits = await probe.stop();
    return [
      { title: 'chain of 40, median of 10', value: median(chains.slice(1)), unit: 'ms', like: 'chain' },
      { title: '3 steps, median of 100', value: median(steps), unit: 'ms', like: 'steps' },
      { title: '100 × 10 steps', value: linearMs, unit: 'ms' },
      { title: `${width} jobs and a join`, value: fanMs, unit: 'ms' },
      { title: 'longest wait of another client meanwhile', value: waits.worstMs, unit: 'ms' },
    ];
  } finally {
    await peer.stop();
  }
}

const INSERTS_AT_A_TIME = 20;

async function insertAndWait(stack: BenchStack, count: number, insert: () => Promise<string>): Promise<void> {
  const seqs: string[] = [];
  for (let left = count; left > 0; left -= INSERTS_AT_A_TIME) {
    seqs.push(...(await Promise.all(Array.from({ length: Math.min(left, INSERTS_AT_A_TIME) }, insert))));
  }
  await stack.ended(seqs);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
