/** Restatements: a published day that gets other numbers is told of once, by whomever and however it was published. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dagStore } from '../../engine/dag-store.ts';
import { openLedger } from '../../engine/notify/ledger.ts';
import { readRestated } from '../../engine/notify/restatement-notices.ts';
import { loadConfig } from '../../infra/config.ts';
import type { ChannelSettings } from '../../infra/config-notify.ts';
import { silentLogger } from '../../infra/log.ts';
import type { Message } from '../../infra/notify/message.ts';
import { openStore } from '../../lake/open-store.ts';
import { startNotifier } from '../../workers/notifier.ts';
import { useSampleLake } from '../lake/sample-lake.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { httpReceiver } from '../support/receivers.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

const DAY = '2018-10-01';
const lake = useSampleLake();

async function publish(dir: string, rowCount: number, salt = 0) {
  const store = await openStore(dir);
  try {
    await lake.commit(store, { day: DAY, rowCount, salt });
    await lake.export(store, DAY);
  } finally {
    await store.close();
  }
}

describe('a look at the feeds', () => {
  it('tells of what was restated since the last look, not of what was published first', async () => {
    const dir = lake.freshDir();
    const store = await openStore(dir, { readOnly: true });
    onTestFinished(() => store.close());
    let memory: Readonly<Record<string, string>> = {};
    const look = async () => {
      const ledger = openLedger(memory);
      const notices = await readRestated(store, ledger);
      memory = { ...memory, ...ledger.changes().set };
      return notices.map(({ day, tables }) => ({ day, tables }));
    };
    expect(await look()).toEqual([]);
    await publish(dir, 10);
    expect(await look()).toEqual([]);
    await publish(dir, 12);
    expect(await look()).toEqual([
      {
        day: DAY,
        tables: [
          { table: 'sample', day: DAY, rowCount: 12, previousRowCount: 10, stats: {}, previousStats: {} },
        ],
      },
    ]);
    await publish(dir, 12);
    expect(await look()).toEqual([]);
  });

  it('tells nothing of what was restated before it first looked', async () => {
    const dir = lake.freshDir();
    await publish(dir, 10);
    await publish(dir, 12);
    const store = await openStore(dir, { readOnly: true });
    onTestFinished(() => store.close());
    const ledger = openLedger();
    expect(await readRestated(store, ledger)).toEqual([]);
    await publish(dir, 14);
    expect(await readRestated(store, ledger)).toMatchObject([
      { tables: [{ rowCount: 14, previousRowCount: 12 }] },
    ]);
  });
});

describeWith(redisInstalled, 'two notifiers that both think they lead', () => {
  const server = useRedis();

  it('tell of a restatement once', async () => {
    const hook = await httpReceiver();
    const dir = lake.freshDir();
    await publish(dir, 10);
    const fixture = await engineFixture(server.url, server.uniquePrefix(), { schedulerTickMs: 50 });
    const { engine, redis, until } = fixture;
    const channels = { hook: { type: 'webhook', url: hook.url } as ChannelSettings };
    const config = loadConfig({ ...fixture.config, lake: dir, notify: { channels } }, {});
    const options = { engine, dags: [], dagStates: dagStore(engine), config, log: silentLogger };
    const notifiers = [1, 2].map(() =>
      startNotifier({ ...options, leads: async () => true, clock: Date.now, startedAtMs: 0 }),
    );
    try {
      await until('the first look', async () => (await redis.hexists(engine.keys.notify, 'catalog')) === 1);
      await publish(dir, 10, 1);
      await until('the message', async () => hook.posts.length > 0);
      await sleep(1_700);
      expect(hook.posts.map(({ body }) => (JSON.parse(body) as Message).subject)).toEqual([
        `[flyerline] ${DAY} restated: sample`,
      ]);
      expect((JSON.parse(hook.posts[0]!.body) as Message).what).toContain(
        'sample: rows 10 (as before), other values',
      );
    } finally {
      await Promise.all(notifiers.map((notifier) => notifier.stop()));
    }
  });
});
