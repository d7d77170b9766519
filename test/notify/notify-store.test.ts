/** The notifier's memory in Redis: whoever decides at the same time, it is decided once, and survives a restart. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Delivery } from '../../engine/notify/announce.ts';
import { notifyStore } from '../../engine/notify/notify-store.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { connectRedis } from '../../infra/redis.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useRestartableRedis } from '../support/restartable-redis.ts';

const delivery = (id: string): Delivery => ({
  channel: 'hook',
  message: {
    id,
    kind: 'failure',
    severity: 'error',
    subject: `subject of ${id}`,
    what: 'what',
    todo: [],
    about: {},
    at: '2018-10-02T07:42:00.000Z',
  },
});

describeWith(redisInstalled, "the notifier's memory", () => {
  const server = useRedis();
  const fresh = () => notifyStore(redisEngine({ redis: server.connect(), prefix: server.uniquePrefix() }));

  it('takes one of several decisions that began from the same state, and nothing of the others', async () => {
    const store = fresh();
    const looks = await Promise.all(Array.from({ length: 8 }, () => store.open()));
    const done = await Promise.all(
      looks.map((opened, n) => {
        opened.ledger.set('cursor', `${n}-0`);
        return store.commit(opened, { deliveries: [delivery(`m${n}`)] });
      }),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    const winner = done.indexOf(true);
    expect((await store.open()).ledger.get('cursor')).toBe(`${winner}-0`);
    expect((await store.take('hook', 1_000))?.id).toBe(`m${winner}`);
    expect(await store.take('hook', 1_000)).toBeUndefined();
  });

  it('lends a message to one sender at a time, and to the next when that one has died', async () => {
    const store = fresh();
    await store.commit(await store.open(), { deliveries: [delivery('m')] });
    const taken = await Promise.all(Array.from({ length: 5 }, () => store.take('hook', 150)));
    expect(taken.filter((message) => message !== undefined)).toHaveLength(1);
    await sleep(200);
    const again = await store.take('hook', 1_000);
    expect(again).toMatchObject({ id: 'm', failures: 0, message: { subject: 'subject of m' } });
    await store.settle('hook', again!, { type: 'delivered', atMs: 5 });
    expect(await store.health('hook')).toEqual({
      waiting: 0,
      delivered: 1,
      givenUp: 0,
      dropped: 0,
      deliveredAtMs: 5,
    });
  });

  it('keeps a bounded number of messages for a receiver that stays away; the oldest give way', async () => {
    const store = fresh();
    for (const batch of ['a', 'b']) {
      const deliveries = Array.from({ length: 600 }, (_, n) =>
        delivery(`${batch}${String(n).padStart(3, '0')}`),
      );
      await store.commit(await store.open(), { deliveries });
      await sleep(2);
    }
    expect(await store.health('hook')).toMatchObject({ waiting: 1000, dropped: 200 });
    expect((await store.take('hook', 1_000))?.id).toBe('a200');
  });
});

describeWith(redisInstalled, 'after a restart of Redis', () => {
  const server = useRestartableRedis();

  it('what was decided is still decided, and what waits is delivered', async () => {
    const redis = connectRedis(server.url, { name: 'test', forBlocking: true });
    try {
      const store = notifyStore(redisEngine({ redis, prefix: 'n' }));
      const opened = await store.open();
      opened.ledger.set('deadline:nightly:exports by 06:00:0', 'at-risk');
      await store.commit(opened, { deliveries: [delivery('m')] });
      await sleep(1_200);
      await server.kill();
      await server.start();
      expect((await store.open()).ledger.get('deadline:nightly:exports by 06:00:0')).toBe('at-risk');
      expect((await store.take('hook', 1_000))?.id).toBe('m');
      expect(await store.commit(opened, { deliveries: [delivery('late')] })).toBe(false);
    } finally {
      redis.disconnect();
    }
  });
});
