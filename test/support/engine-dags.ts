/** DAGs for tests of workers and schedulers: what their tasks do is written, line by line, to the file that a parameter names. */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { asset } from '../../engine/asset.ts';
import { dag } from '../../engine/dag.ts';
import { RescheduleTask, SkipTask } from '../../engine/signals.ts';
import { taskFactory } from '../../engine/task.ts';
import type { TaskContext } from '../../engine/task-context.ts';

/** One `opened` line per process that opens services, so that tests see how many there were. */
export interface EngineTestServices {
  readonly pid: number;
}

export async function createServices(): Promise<EngineTestServices> {
  return { pid: process.pid };
}

const params = z.object({
  /** File that lines are appended to. */
  journal: z.string().default('/dev/null'),
  /** What slow tasks take. */
  ms: z.number().default(0),
  /** Elements of the list that is mapped over. */
  count: z.number().default(3),
  /** File that somebody waits for, or that says that something has happened once. */
  flag: z.string().default('/dev/null'),
});
type Params = z.infer<typeof params>;
type Context = TaskContext<EngineTestServices, Params>;

const defineTask = taskFactory<EngineTestServices>();
const numbers = asset<readonly number[]>()('numbers');
const total = asset<number>()('total');

/** `start <task>[<map index>]#<attempt> pid=<pid>`, and the same with `end`. */
function note(ctx: Context, what: string): void {
  const index = ctx.mapIndex === -1 ? '' : `[${ctx.mapIndex}]`;
  appendFileSync(ctx.params.journal, `${what} ${ctx.taskId}${index}#${ctx.attempt} pid=${process.pid}\n`);
}

const quick = { attemptsMax: 3, backoffMs: 50, backoffFactor: 1, jitter: 0 };

const step = defineTask({
  name: 'step',
  params,
  retry: quick,
  async run(ctx) {
    note(ctx, 'start');
    ctx.log.info('A step is taken.', { attempt: ctx.attempt });
    console.log('printed by %s', ctx.taskId);
    if (ctx.params.ms > 0) await sleep(ctx.params.ms);
    note(ctx, 'end');
  },
});

const list = defineTask({
  name: 'list',
  params,
  makes: numbers,
  run: (ctx) => Array.from({ length: ctx.params.count }, (_, n) => n + 1),
});

const double = defineTask({
  name: 'double',
  params,
  reads: { n: numbers },
  makes: numbers,
  expand: 'n',
  run: async (ctx, { n }) => {
    if (ctx.params.ms > 0) await sleep(ctx.params.ms);
    note(ctx, 'end');
    return n * 2;
  },
});

const sum = defineTask({
  name: 'sum',
  params,
  reads: { all: numbers },
  makes: total,
  run: (ctx, { all }) => {
    const result = all.reduce((before, n) => before + n, 0);
    note(ctx, `sum=${result}`);
    return result;
  },
});

const flaky = defineTask({
  name: 'flaky',
  params,
  retry: quick,
  run(ctx) {
    note(ctx, 'start');
    if (ctx.attempt < 3) throw new Error(`not on attempt ${ctx.attempt}`);
  },
});

const hopeless = defineTask({
  name: 'hopeless',
  params,
  retry: quick,
  run(ctx) {
    note(ctx, 'start');
    throw Object.assign(new Error('never'), { retryable: false });
  },
});

/** Blocks its event loop for good on its first attempt: nobody can ask it to stop. */
const stubborn = defineTask({
  name: 'stubborn',
  params,
  retry: quick,
  timeoutMs: 400,
  run(ctx) {
    note(ctx, 'start');
    while (ctx.attempt === 1) Math.random();
  },
});

/** Blocks its event loop for good on every attempt, and may take as long as it likes. */
const blocked = defineTask({
  name: 'blocked',
  params,
  retry: quick,
  run(ctx) {
    note(ctx, 'start');
    while (ctx.attempt > 0) Math.random();
  },
});

/** Waits for its signal, and says so. */
const patient = defineTask({
  name: 'patient',
  params,
  retry: quick,
  async run(ctx) {
    note(ctx, 'start');
    ctx.progress(1, 4, 'waiting');
    await sleep(60_000, undefined, { signal: ctx.signal }).catch(() => {});
    note(ctx, 'stopped');
    ctx.signal.throwIfAborted();
  },
});

/** Ends its own process once, as an out-of-memory kill would. */
const fragile = defineTask({
  name: 'fragile',
  params,
  retry: quick,
  run(ctx) {
    note(ctx, 'start');
    if (existsSync(ctx.params.flag)) return;
    writeFileSync(ctx.params.flag, '');
    process.kill(process.pid, 'SIGKILL');
  },
});

const sensor = defineTask({
  name: 'sensor',
  params,
  run(ctx) {
    note(ctx, 'poke');
    if (!existsSync(ctx.params.flag))
      throw new RescheduleTask('no flag yet', { delayMs: 100, timeoutMs: 20_000 });
  },
});

const idle = defineTask({
  name: 'idle',
  run: () => {
    throw new SkipTask('nothing to do');
  },
});

const manual = { schedule: null, params } as const;

export const dags = [
  dag('diamond', manual, (task) => {
    const a = task(step, {}, { id: 'a' });
    const b = task(step, {}, { id: 'b', after: [a] });
    const c = task(step, {}, { id: 'c', after: [a] });
    task(step, {}, { id: 'd', after: [b, c] });
  }),
  dag('wide', manual, (task) => {
    for (let n = 0; n < 8; n += 1) task(step, {}, { id: `wide-${n}` });
  }),
  dag('urgent', { ...manual, activeRunsMax: 50 }, (task) => {
    for (let n = 0; n < 8; n += 1) task(step, {}, { id: `urgent-${n}`, priority: 100 });
  }),
  dag('mapped', manual, (task) => {
    const all = task(list, {});
    task(sum, { all: task(double, { n: all }) });
  }),
  dag('single', manual, (task) => task(step, {})),
  dag('flaky', manual, (task) => task(flaky, {})),
  dag('rules', manual, (task) => {
    const bad = task(hopeless, {});
    task(step, {}, { id: 'never', after: [bad] });
    const skipped = task(idle, {});
    task(step, {}, { id: 'also-skipped', after: [skipped] });
    const cleanup = task({ ...step, triggerRule: 'one_failed' }, {}, { id: 'cleanup', after: [bad] });
    task({ ...step, triggerRule: 'all_done' }, {}, { id: 'last', after: [cleanup, skipped] });
  }),
  dag('stubborn', manual, (task) => task(stubborn, {})),
  dag('blocked', manual, (task) => {
    task({ ...step, triggerRule: 'all_failed' }, {}, { id: 'after', after: [task(blocked, {})] });
    task(step, {}, { id: 'beside' });
  }),
  dag('patient', manual, (task) => task(patient, {})),
  dag('fragile', manual, (task) => task(fragile, {})),
  dag('sensor', manual, (task) => task(sensor, {})),
  dag(
    'daily',
    {
      schedule: '@daily',
      timezone: 'America/Toronto',
      dataInterval: 'previous-day',
      startDate: '2018-10-01',
      endDate: '2018-10-03',
      catchup: true,
      // So that it is remembered how long its tasks take.
      deadlines: [{ by: '06:00' }],
      activeRunsMax: 2,
      params,
    },
    (task) => task(step, {}),
  ),
  dag(
    'in-order',
    {
      schedule: '@daily',
      startDate: '2018-10-01',
      endDate: '2018-10-03',
      catchup: true,
      dependsOnPast: true,
      params,
    },
    (task) => task(flaky, {}),
  ),
  // Its pool is to have one slot.
  dag('one-slot', manual, (task) => {
    task(sensor, {}, { pool: 'one', priority: 10 });
    task(step, {}, { pool: 'one' });
  }),
  dag('two-classes', manual, (task) => {
    task(step, {}, { id: 'small' });
    task(step, {}, { id: 'large', queue: 'big-memory' });
  }),
  dag('scarce', manual, (task) => task(step, {}, { activeMax: 1 })),
  dag('short-lived', { ...manual, runTimeoutMs: 500 }, (task) => task(patient, {})),
];
