/** DAGs for tests of notifications: one that fails until a file is there, one that needs two attempts, one with a deadline. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { dag } from '../../engine/dag.ts';
import { taskFactory } from '../../engine/task.ts';

const params = z.object({ flag: z.string().default('/dev/null'), ms: z.number().default(0) });
const defineTask = taskFactory<unknown>();

const gate = defineTask({
  name: 'gate',
  params,
  retry: { attemptsMax: 1 },
  run(ctx) {
    if (!existsSync(ctx.params.flag)) {
      throw new Error('the drop ends inside a gzip block (redis://user:hunter2@host/0)');
    }
  },
});

const flaky = defineTask({
  name: 'flaky',
  params,
  retry: { attemptsMax: 2, backoffMs: 50, backoffFactor: 1, jitter: 0 },
  run(ctx) {
    if (ctx.attempt === 1) throw new Error('not on attempt 1');
  },
});

const step = defineTask({
  name: 'step',
  params,
  run: (ctx) => sleep(ctx.params.ms, undefined, { signal: ctx.signal }),
});

/** A zone in which it is about noon now, so that no test runs across midnight. */
const offset = 12 - new Date().getUTCHours();
export const NOON_ZONE = `Etc/GMT${offset <= 0 ? '+' : '-'}${Math.abs(offset)}`;
/** The deadline of `promised`: half an hour to come, on the minute. */
export const DEADLINE = DateTime.now().setZone(NOON_ZONE).plus({ minutes: 30 }).startOf('minute');

export const dags = [
  dag('gated', { schedule: null, params, timezone: 'America/Toronto' }, (task) => {
    const gated = task(gate, {});
    task(step, {}, { id: 'behind', after: [gated] });
  }),
  dag('shaky', { schedule: null, params }, (task) => task(flaky, {})),
  dag(
    'promised',
    {
      schedule: '@daily',
      timezone: NOON_ZONE,
      dataInterval: 'previous-day',
      deadlines: [{ of: 'exports', by: DEADLINE.toFormat('HH:mm') }],
      params,
    },
    (task, group) => {
      const first = task(step, {}, { id: 'first' });
      group('exports', () => task(step, {}, { id: 'export', after: [first] }));
    },
  ),
];
