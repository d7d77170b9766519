/** Defining a DAG: what comes out, and what is refused with which words. */
import { describe, expect, it } from 'vitest';
import { asset } from '../../engine/asset.ts';
import { type DagOptions, dag, type TaskRef } from '../../engine/dag.ts';
import { ancestorsOf, descendantsOf, indexGraph } from '../../engine/graph.ts';
import { defineTask } from '../../engine/task.ts';
import { isFlyerlineError } from '../../infra/errors.ts';

const numbers = asset<readonly number[]>()('numbers');
const count = defineTask({ name: 'count', makes: numbers, run: () => [1, 2, 3] });
const double = defineTask({
  name: 'double',
  reads: { each: numbers },
  makes: numbers,
  expand: 'each',
  retry: { attemptsMax: 5 },
  timeoutMs: 1000,
  run: (_ctx, { each }) => each * 2,
});
const stop = defineTask({ name: 'stop', retry: { attemptsMax: 1 }, run: () => {} });

const manual: DagOptions = { schedule: null };

describe('dag', () => {
  it('makes the call graph the task graph, with every option resolved', () => {
    const built = dag(
      'sums',
      { schedule: null, taskDefaults: { queue: 'big', retry: { jitter: 0 } } },
      (task, group) => {
        const first = task(count, {});
        const second = group('work', () =>
          group('inner', () => task(double, { each: first }, { pool: 'cpu' })),
        );
        task(stop, {}, { id: 'end', after: [second, first], priority: 7 });
      },
    );
    expect(built.graph.tasks).toEqual([
      {
        id: 'count',
        upstream: [],
        inputs: {},
        triggerRule: 'all_success',
        retry: {
          attemptsMax: 3,
          backoffMs: 10_000,
          backoffFactor: 2,
          backoffMaxMs: 600_000,
          jitter: 0,
          lossesMax: 5,
        },
        timeoutMs: 3_600_000,
        pool: 'default',
        priority: 0,
        queue: 'big',
      },
      {
        id: 'double',
        upstream: ['count'],
        inputs: { each: 'count' },
        expand: 'each',
        triggerRule: 'all_success',
        retry: {
          attemptsMax: 5,
          backoffMs: 10_000,
          backoffFactor: 2,
          backoffMaxMs: 600_000,
          jitter: 0,
          lossesMax: 5,
        },
        timeoutMs: 1000,
        pool: 'cpu',
        priority: 0,
        queue: 'big',
        group: 'work/inner',
      },
      {
        id: 'end',
        upstream: ['double', 'count'],
        inputs: {},
        triggerRule: 'all_success',
        retry: {
          attemptsMax: 1,
          backoffMs: 10_000,
          backoffFactor: 2,
          backoffMaxMs: 600_000,
          jitter: 0,
          lossesMax: 0,
        },
        timeoutMs: 3_600_000,
        pool: 'default',
        priority: 7,
        queue: 'big',
      },
    ]);
    expect(built.definitions.get('end')).toBe(stop);
    expect(indexGraph(built.graph).downstream.get('count')).toEqual(['double', 'end']);
    expect(descendantsOf(built.graph, 'count')).toEqual(['double', 'end']);
    expect(ancestorsOf(built.graph, 'end')).toEqual(['count', 'double']);
  });

  it('says in each task how many may run at a time, of it and of the DAG', () => {
    const { graph } = dag('sums', { ...manual, activeTasksMax: 9 }, (task) => {
      task(count, {}, { activeMax: 2 });
      task(stop, {});
    });
    expect(graph.tasks.map(({ limits }) => limits)).toEqual([
      [
        { name: 'sums', max: 9 },
        { name: 'sums.count', max: 2 },
      ],
      [{ name: 'sums', max: 9 }],
    ]);
    for (const wrong of [0, 1.5, Number.NaN]) {
      expectInvalid(() => dag('sums', manual, (task) => task(count, {}, { activeMax: wrong })), 'activeMax');
      expectInvalid(
        () => dag('sums', { ...manual, activeTasksMax: wrong }, (task) => task(count, {})),
        'activeTasksMax',
      );
    }
  });

  it('gives equal structures equal versions and others another', () => {
    const version = (timeoutMs: number) =>
      dag('sums', manual, (task) => task(count, {}, { timeoutMs })).graph.version;
    expect(version(5)).toBe(version(5));
    expect(version(5)).not.toBe(version(6));
    expect(version(5)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('refuses a task id used twice unless the second has an id of its own', () => {
    expectInvalid(
      () => dag('nightly', manual, (task) => [task(count, {}), task(count, {})]),
      'DAG "nightly" wires task "count" twice; wire it once and pass its reference on, ' +
        'or give the second one an id of its own: task(…, …, { id: "…" }).',
    );
    const twice = dag('nightly', manual, (task) => [task(count, {}), task(count, {}, { id: 'recount' })]);
    expect(twice.graph.tasks.map(({ id }) => id)).toEqual(['count', 'recount']);
  });

  it('refuses a reference of another DAG', () => {
    let foreign: TaskRef<typeof numbers> | undefined;
    dag('other', manual, (task) => {
      foreign = task(count, {});
    });
    expectInvalid(
      () => dag('nightly', manual, (task) => task(double, { each: foreign! })),
      'DAG "nightly" passes task "count" of another DAG to "each" of task "double"; ' +
        'wire "count" in this DAG and pass that reference.',
    );
  });

  it.each<[Partial<DagOptions>, string]>([
    [{ schedule: 'at noon' }, 'has schedule "at noon", which does not parse'],
    [{ schedule: '61 3 * * *' }, 'has schedule "61 3 * * *", which does not parse'],
    [{ schedule: '0 0 31 2 *' }, 'has schedule "0 0 31 2 *", which never comes; name a date that exists.'],
    [
      { timezone: 'Mars/Olympus' },
      'has an unknown time zone "Mars/Olympus"; name an IANA zone such as "America/Toronto".',
    ],
    [{ startDate: '2018-02-30' }, 'has startDate "2018-02-30", which is no date; write it as YYYY-MM-DD.'],
    [
      { startDate: '2018-02-03', endDate: '2018-02-02' },
      'has endDate 2018-02-02 before startDate 2018-02-03',
    ],
    [{ deadlines: [{ by: '6 am' }] }, 'has deadline "6 am"; write a local time such as "06:00".'],
    [
      { deadlines: [{ by: '06:00', daysAfter: -1 }] },
      'has a deadline -1 days after; use a whole number from 0 to 7.',
    ],
    [
      { deadlines: [{ by: '06:00', timezone: 'Toronto' }] },
      'has a deadline in an unknown time zone "Toronto"; name an IANA zone such as "America/Toronto".',
    ],
    [
      { deadlines: [{ by: '06:00', of: 'exports' }] },
      'has a deadline of "exports", which is no task or group of it; name one, or leave "of" out for all.',
    ],
    [
      { deadlines: [{ by: '06:00' }, { by: '06:00' }] },
      'has the deadline "all by 06:00" twice; keep one of them.',
    ],
    [{ activeRunsMax: 0 }, 'has activeRunsMax 0; use a whole number of at least 1.'],
    [{ runTimeoutMs: 2 ** 31 }, 'has runTimeoutMs 2147483648; use at most 24 days.'],
  ])('refuses %j', (options, message) => {
    expectInvalid(() => dag('nightly', { ...manual, ...options }, (task) => task(count, {})), message);
  });

  it.each([
    [{ id: 'a b' }, 'has a task id "a b"'],
    [{ timeoutMs: 0 }, 'gives task "count" timeoutMs 0; use a whole number of at least 1.'],
    [{ retry: { attemptsMax: 0 } }, 'gives task "count" attemptsMax 0; use a whole number of at least 1.'],
    [{ retry: { jitter: 2 } }, 'gives task "count" jitter 2; use a share from 0 to 1.'],
    [{ retry: { backoffFactor: 0.5 } }, 'gives task "count" backoffFactor 0.5; use 1 or more.'],
    [{ priority: 0.5 }, 'gives task "count" priority 0.5; use a whole number.'],
  ])('refuses a task wired with %j', (options, message) => {
    expectInvalid(() => dag('nightly', manual, (task) => task(count, {}, options)), message);
  });

  it('refuses a DAG without tasks', () => {
    expectInvalid(() => dag('empty', manual, () => {}), 'DAG "empty" has no task; wire at least one');
  });

  it('refuses to map over what is no input', () => {
    const lost = { ...double, expand: 'every' } as unknown as typeof double;
    expectInvalid(
      () => dag('nightly', manual, (task) => task(lost, { each: task(count, {}) })),
      'maps task "double" over "every", which is no input of it; name one of "each".',
    );
  });
});

function expectInvalid(define: () => unknown, message: string): void {
  try {
    define();
  } catch (error) {
    expect(isFlyerlineError(error, 'FL_DAG_INVALID')).toBe(true);
    expect((error as Error).message).toContain(message);
    return;
  }
  expect.unreachable('the definition was accepted');
}
