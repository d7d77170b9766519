/** Who gets a slot, and when: pools, priorities, queues, idle hands. And what protects an attempt from strangers. */
import { Queue } from 'bullmq';
import { beforeEach, expect, it } from 'vitest';
import { asset } from '../../engine/asset.ts';
import { dag } from '../../engine/dag.ts';
import { dispatcher, sweep } from '../../engine/dispatch.ts';
import { reconcile } from '../../engine/reconciler.ts';
import { reportHands } from '../../engine/redis-processes.ts';
import { defineTask } from '../../engine/task.ts';
import { connectRedis } from '../../infra/redis.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { type StoreFixture, storeFixture } from './store-fixture.ts';

const noop = defineTask({ name: 'noop', run: () => {} });
const numbers = asset<readonly number[]>()('numbers');
const list = defineTask({ name: 'list', makes: numbers, run: () => [] });
const each = defineTask({ name: 'each', reads: { n: numbers }, expand: 'n', run: () => {} });
const manual = { schedule: null } as const;

const five = (id: string, options: { pool?: string; priority?: number; queue?: string } = {}) =>
  dag(id, manual, (task) => {
    for (let n = 0; n < 5; n += 1) task(noop, {}, { id: `${id}-${n}`, ...options });
  });

describeWith(redisInstalled, 'channels', () => {
  const server = useRedis();
  let store: StoreFixture;
  beforeEach(async () => {
    store = storeFixture(server.connect(), server.uniquePrefix());
    await store.setHands(100);
  });

  it('dispatch no more of a pool than it has slots, and the next when one is free', async () => {
    await store.runs.setPool('narrow', 2);
    await store.insert(five('narrow', { pool: 'narrow' }));
    expect(store.ready).toHaveLength(2);
    const first = await store.claim(store.ready.shift()!.id);
    expect(store.ready).toHaveLength(1);
    await store.finish(first);
    expect(store.ready).toHaveLength(2);
    expect(await store.workOff()).toHaveLength(4);
  });

  it('count a slot once for all queues of a pool', async () => {
    await store.setHands(100, 'big');
    await store.runs.setPool('shared', 3);
    await store.insert(five('small', { pool: 'shared' }));
    await store.insert(five('large', { pool: 'shared', queue: 'big' }));
    expect(store.ready).toHaveLength(3);
  });

  it('give a slot to the larger priority first, then to who has waited longest', async () => {
    await store.runs.setPool('default', 1);
    await store.insert(five('low', { priority: -1 }));
    await store.insert(five('first'));
    await store.insert(five('second'));
    await store.insert(five('high', { priority: 7 }));
    const ran = (await store.workOff()).map((taskId) => taskId.split('-')[0]);
    // The very first had the pool to itself.
    expect(ran).toEqual([
      'low',
      ...Array(5).fill('high'),
      ...Array(5).fill('first'),
      ...Array(5).fill('second'),
      ...Array(4).fill('low'),
    ]);
  });

  it('dispatch as many as there are idle hands, and let busy ones take the rest by themselves', async () => {
    await store.setHands(2);
    await store.insert(five('few'));
    expect(store.ready).toHaveLength(2);
    const [a, b] = [await store.claim(store.ready.shift()!.id), await store.claim(store.ready.shift()!.id)];
    const order = { queues: ['default'], token: 'mine', worker: 'hand', leaseMs: 10_000 };
    const { next } = await store.attempts.finish({ ...a, token: 'mine' }, {}, order);
    expect(next?.taskId).toBe('few-2');
    expect(store.ready).toEqual([]);
    // Without the wish for more, a hand is idle, and the next attempt is sent to whoever has one.
    await store.finish(b);
    expect(store.ready).toHaveLength(1);
    expect((await store.attempts.finish({ ...next!, token: 'mine' }, {}, order)).next).toBeUndefined();
  });

  it('let nobody take an attempt of a queue that is not theirs', async () => {
    await store.insert(five('here'));
    await store.setHands(1, 'there');
    await store.insert(five('there', { queue: 'there' }));
    const there = store.ready.filter(({ queue }) => queue === 'there');
    expect(there).toHaveLength(1);
    const claimed = await store.claim(there[0]!.id);
    const order = { queues: ['there'], token: 'mine', worker: 'hand', leaseMs: 10_000 };
    const { next } = await store.attempts.finish({ ...claimed, token: 'mine' }, {}, order);
    expect(next?.taskId).toBe('there-1');
  });

  it('let runs take turns when both map a task over many elements', async () => {
    await store.runs.setPool('default', 1);
    const mapped = dag('mapped', manual, (task) => task(each, { n: task(list, {}) }));
    await store.insert(mapped, '2018-10-01');
    await store.insert(mapped, '2018-10-02');
    const days: string[] = [];
    await store.workOff((claimed) => {
      if (claimed.taskId === 'each') days.push(claimed.day);
      return claimed.taskId === 'list' ? { result: [1, 2, 3], listLength: 3 } : {};
    });
    expect(new Set(days.slice(0, 2)).size).toBe(2);
    expect(days).toHaveLength(6);
  });

  it('run as many attempts of a DAG and of a task as they may, over all runs, and let others pass', async () => {
    const options = { ...manual, activeTasksMax: 3 };
    const few = dag('few', options, (task) => {
      for (let n = 1; n <= 3; n += 1) task(noop, {}, { id: `scarce-${n}`, activeMax: 1, priority: 5 });
      for (let n = 1; n <= 3; n += 1) task(noop, {}, { id: `free-${n}` });
    });
    await store.insert(few, '2018-10-01');
    await store.insert(few, '2018-10-02');
    // One of each scarce task, which are first in line; the second run's wait, and so does all else of the DAG.
    const taken = store.ready.splice(0);
    expect(taken).toHaveLength(3);
    const claims = await Promise.all(taken.map(({ id }) => store.claim(id)));
    expect(claims.map(({ taskId }) => taskId).sort()).toEqual(['scarce-1', 'scarce-2', 'scarce-3']);
    await store.insert(five('other'));
    expect(store.ready.map(({ queue }) => queue)).toHaveLength(5);
    store.ready.splice(0);
    await store.finish(claims[0]!);
    const [next] = store.ready.splice(0);
    expect((await store.claim(next!.id)).taskId).toBe(claims[0]!.taskId);
    expect(store.ready).toEqual([]);
  });

  it('hand out the elements of a mapped task no faster than its limit', async () => {
    const slow = dag('slow', manual, (task) => task(each, { n: task(list, {}) }, { activeMax: 2 }));
    await store.insert(slow);
    let most = 0;
    let active = 0;
    const ran: string[] = [];
    for (let next = store.ready.shift(); next !== undefined; next = store.ready.shift()) {
      const claimed = await store.claim(next.id);
      ran.push(claimed.taskId);
      active = await store.redis.zcard(store.keys.channel('default@default', 'outbox'));
      most = Math.max(most, active + 1);
      await store.finish(
        claimed,
        claimed.taskId === 'list' ? { result: [1, 2, 3, 4, 5], listLength: 5 } : {},
      );
    }
    expect(ran).toEqual(['list', ...Array(5).fill('each')]);
    expect(most).toBe(2);
  });

  it('forget what holds a limit and is gone, and see a limit that was raised', async () => {
    const one = dag('one', { ...manual, activeTasksMax: 1 }, (task) => {
      for (let n = 1; n <= 2; n += 1) task(noop, {}, { id: `one-${n}` });
    });
    await store.insert(one);
    expect(store.ready.splice(0)).toHaveLength(1);
    await store.redis.hset(store.keys.limits, 'one', 2);
    await sweep(store.engine);
    expect(store.ready.splice(0)).toHaveLength(1);
    await store.redis.sadd(store.keys.limit('one', 'held'), '99.0.-1.1', '98.0.-1.1');
    await reconcile(store.engine, store.runs);
    expect(await store.redis.scard(store.keys.limit('one', 'held'))).toBe(2);
  });

  it('forget the hands of a worker that leaves', async () => {
    const about = { queues: ['default'], concurrency: 3 };
    await reportHands(store.engine, { id: 'a', ...about });
    await reportHands(store.engine, { id: 'b', ...about });
    expect(await store.redis.get(store.keys.hands('default'))).toBe('6');
    await reportHands(store.engine, { id: 'a', ...about, concurrency: 0 });
    expect(await store.redis.get(store.keys.hands('default'))).toBe('3');
  });

  it('give a claim again to its own token, and to no other', async () => {
    await store.insert(five('once'));
    const { id } = store.ready[0]!;
    const by = { token: 'mine', worker: 'w', leaseMs: 1_000 };
    const first = await store.attempts.claim(id, by);
    expect(await store.attempts.claim(id, by)).toEqual(first);
    expect(await store.attempts.claim(id, { ...by, token: 'other' })).toEqual({ refusal: 'wrong-state' });
    expect(await store.attempts.finish({ attemptId: id, token: 'other' }, {})).toEqual({
      refusal: 'stale-attempt',
    });
    expect(await store.attempts.finish({ attemptId: id, token: 'mine' }, {})).toEqual({});
    expect(await store.attempts.finish({ attemptId: id, token: 'mine' }, {})).toEqual({});
    expect(await store.attempts.claim(id, by)).toEqual({ refusal: 'wrong-state' });
    expect(await store.attempts.claim('99.0.-1.1', by)).toEqual({ refusal: 'run-unknown' });
  });

  it('refuse a claim of what waits for its time', async () => {
    await store.insert(five('later'));
    const { id } = store.ready[0]!;
    await store.claim(id);
    const error = { code: 'FL_TASK_FAILED', message: 'no luck' };
    await store.attempts.fail({ attemptId: id, token: 'mine' }, { error, retryable: true, delayMs: 60_000 });
    const next = id.replace(/1$/, '2');
    const by = { token: 'mine', worker: 'w', leaseMs: 1_000 };
    expect(await store.attempts.claim(next, by)).toEqual({ refusal: 'not-dispatched' });
  });

  it('add an attempt to BullMQ once, under its own name, however often it is dispatched', async () => {
    const prefix = server.uniquePrefix();
    const redis = connectRedis(server.url, { name: 'dispatch', forBlocking: true });
    const jobs = dispatcher({ redis, prefix });
    const queue = new Queue('default', { connection: redis, prefix: `${prefix}:bull` });
    const attempt = { id: '7.0.-1.1', queue: 'default', priority: 0 };
    jobs.dispatch([attempt, { ...attempt, id: '7.1.-1.1', priority: 5 }]);
    jobs.dispatch([attempt]);
    await jobs.settled();
    const waiting = await queue.getJobs();
    expect(waiting.map(({ id }) => id).sort()).toEqual(['7.0.-1.1', '7.1.-1.1']);
    const priorityOf = (id: string) => waiting.find((job) => job.id === id)!.opts.priority!;
    // BullMQ runs the smaller number first.
    expect(priorityOf('7.1.-1.1')).toBeLessThan(priorityOf('7.0.-1.1'));
    await jobs.close();
    await queue.close();
    redis.disconnect();
  });
});
