/** Who gets the next free hand while a backfill and nightly runs wait: neither can starve the other. */
import { beforeEach, expect, it } from 'vitest';
import type { ClaimedAttempt } from '../../engine/attempt-store.ts';
import { type Dag, dag, type TaskRef } from '../../engine/dag.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { defineTask } from '../../engine/task.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { type StoreFixture, storeFixture } from './store-fixture.ts';

const noop = defineTask({ name: 'noop', run: () => {} });
const manual = { schedule: null } as const;

const chain = (id: string, length: number, options = {}): Dag =>
  dag(id, manual, (task) => {
    let before: TaskRef | undefined;
    for (let n = 0; n < length; n += 1) {
      before = task(noop, {}, { id: `step-${n}`, ...options, ...(before && { after: [before] }) });
    }
  });

const wide = (id: string, width: number, options = {}): Dag =>
  dag(id, manual, (task) => {
    for (let n = 0; n < width; n += 1) task(noop, {}, { id: `part-${n}`, ...options });
  });

const HANDS = 4;
/** As in lua/includes/channels.lua: what has a smaller score is no backfill. */
const BACKFILL_BAND = 2001 * 2 ** 41;

describeWith(redisInstalled, 'fairness', () => {
  const server = useRedis();
  let store: StoreFixture;
  let running: ClaimedAttempt[] = [];
  beforeEach(async () => {
    running = [];
    store = storeFixture(server.connect(), server.uniquePrefix());
    await store.setHands(HANDS);
  });

  const insert = async (of: Dag, kind: 'backfill' | 'scheduled', runId: string, day = '2018-10-01') => {
    const interval = intervalOfDay(of.options, day);
    await store.runs.insertRun(newRun(of, { kind, interval, runId: `${kind}__${runId}` }));
  };

  /** Hands that take the next attempt with each report. Tells who started, in order; ends when `until` says so. */
  const work = async (until: (started: readonly string[]) => boolean, onEnd = async () => {}) => {
    const started: string[] = [];
    const order = { queues: ['default'], token: 'mine', worker: 'hand', leaseMs: 10_000 };
    const begin = (claimed: ClaimedAttempt) => {
      running.push(claimed);
      started.push(`${claimed.runId.split('__')[0]} ${claimed.taskId}`);
    };
    while (!until(started)) {
      while (store.ready.length > 0) begin(await store.claim(store.ready.shift()!.id));
      const attempt = running.shift();
      if (attempt === undefined) break;
      const { next } = await store.attempts.finish(
        { attemptId: attempt.attemptId, token: 'mine' },
        {},
        order,
      );
      if (next !== undefined) begin(next);
      await onEnd();
    }
    return started;
  };

  it('starts each task of a nightly run after a turn or two, whatever waits of 500 backfill runs', async () => {
    const backfilled = wide('backfilled', 40);
    for (let n = 0; n < 500; n += 1) await insert(backfilled, 'backfill', String(n));
    const nightly = chain('nightly', 8);
    await work((started) => started.length >= 100);
    await insert(nightly, 'scheduled', 'tonight');
    const isNightly = (start: string) => start.startsWith('scheduled');
    const started = await work((all) => all.filter(isNightly).length === 8);
    // While one of its tasks is at work, the other hands go on with the backfill, one attempt each; then one turn may be its own.
    const waits = started.join('\n').split(/scheduled step-\d/);
    for (const wait of waits) expect(wait.match(/backfill/g)?.length ?? 0).toBeLessThanOrEqual(HANDS);
    expect(started.filter(isNightly)).toHaveLength(8);
    expect(started.length).toBeLessThanOrEqual(8 * (HANDS + 1));
  });

  it('gives a backfill every fourth turn while nightly runs of any priority keep coming', async () => {
    const backfilled = wide('backfilled', 40, { priority: -5 });
    for (let n = 0; n < 500; n += 1) await insert(backfilled, 'backfill', String(n));
    const nightly = wide('nightly', 20, { priority: 100 });
    let nights = 0;
    const keepComing = async () => {
      const ready = store.keys.channel('default@default', 'ready');
      if ((await store.redis.zcount(ready, '-inf', `(${BACKFILL_BAND}`)) > 0) return;
      nights += 1;
      await insert(nightly, 'scheduled', String(nights));
    };
    const started = await work((all) => all.length >= 400, keepComing);
    const share = started.filter((start) => start.startsWith('backfill')).length / started.length;
    expect(nights).toBeGreaterThan(5);
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.35);
  });

  it('lets a backfill have every hand when nothing else waits', async () => {
    await insert(wide('backfilled', 40), 'backfill', '1');
    expect(await work(() => false)).toEqual(Array.from({ length: 40 }, (_, n) => `backfill part-${n}`));
  });

  it('lets a nightly run begin although its own DAG has all its active runs in a backfill', async () => {
    const daily = dag('daily', { schedule: null, activeRunsMax: 2 }, (task) => task(noop, {}));
    for (let n = 1; n <= 9; n += 1) await insert(daily, 'backfill', String(n), `2018-09-0${n}`);
    await insert(daily, 'scheduled', 'tonight', '2018-10-01');
    const [run] = await store.reader.listRuns({ dagId: 'daily', limit: 1 });
    expect(run).toMatchObject({ runId: 'scheduled__tonight', state: 'running' });
  });

  it('keeps to the slots of a pool, also for the share of a backfill', async () => {
    await store.runs.setPool('narrow', 1);
    await insert(wide('backfilled', 5, { pool: 'narrow' }), 'backfill', '1');
    await insert(wide('nightly', 5, { pool: 'narrow' }), 'scheduled', '1');
    expect(store.ready).toHaveLength(1);
    const started = await work(() => false);
    expect(started).toHaveLength(10);
    // The nightly run began when its first task had to wait for the slot, and had three turns of four from then on.
    expect(
      started.slice(1, 7).filter((start) => start.startsWith('scheduled')).length,
    ).toBeGreaterThanOrEqual(4);
  });
});
