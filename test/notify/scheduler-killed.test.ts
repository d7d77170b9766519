/** A scheduler that is killed takes no message with it, and leaves none to be told twice. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listProcesses } from '../../engine/redis-processes.ts';
import type { Message } from '../../infra/notify/message.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { httpReceiver } from '../support/receivers.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'the leading scheduler, killed', () => {
  const server = useRedis();

  it('leaves what has just happened to the next one, which tells it once', async () => {
    const hook = await httpReceiver();
    const { fork, startWorker, trigger, until, reader, redis, engine, dir } = await engineFixture(
      server.url,
      server.uniquePrefix(),
    );
    const path = join(dir, 'config.json');
    await writeFile(
      path,
      JSON.stringify({ notify: { channels: { hook: { type: 'webhook', url: hook.url } } } }),
    );
    process.env.FLYERLINE_CONFIG = path;
    onTestFinished(() => {
      delete process.env.FLYERLINE_CONFIG;
    });
    const schedulers = await Promise.all([fork('scheduler'), fork('scheduler'), startWorker()]).then(
      ([first, second]) => [first, second] as const,
    );
    await until('the first look', async () => (await redis.hexists(engine.keys.notify, 'cursor')) === 1);
    const leader = await redis.get(engine.keys.leader);
    const { pid } = (await listProcesses(engine, 'scheduler')).find(({ id }) => id === leader)!;

    const ref = await trigger('short-lived');
    await until('the run has failed', async () => (await reader.getRun(ref)).state === 'failed');
    schedulers.find((scheduler) => scheduler.pid === pid)!.kill('SIGKILL');

    await until('the message', async () => hook.posts.length > 0);
    await until(
      'the outbox is empty',
      async () => (await redis.zcard(engine.keys.notifyChannel('hook', 'outbox'))) === 0,
      60_000,
    );
    const messages = hook.posts.map(({ body }) => JSON.parse(body) as Message);
    // Killed between the answer and its note of it, the message would come again, with the same id.
    expect(new Set(messages.map(({ id }) => id)).size).toBe(1);
    expect(messages[0]).toMatchObject({
      severity: 'warning',
      subject: '[flyerline] short-lived 2018-10-01 (manual) was cancelled',
      why: 'The run took longer than 500 ms.',
    });
  }, 90_000);
});
