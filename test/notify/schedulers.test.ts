/** Notifications end to end: two schedulers, a worker, real Redis and real receivers. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { dagStore } from '../../engine/dag-store.ts';
import { notifyStore } from '../../engine/notify/notify-store.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { loadConfig } from '../../infra/config.ts';
import type { ChannelSettings } from '../../infra/config-notify.ts';
import { silentLogger } from '../../infra/log.ts';
import type { Message } from '../../infra/notify/message.ts';
import { startScheduler } from '../../workers/scheduler.ts';
import { startWorker } from '../../workers/worker.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { DEADLINE, dags } from '../support/notify-dags.ts';
import { type HttpReceiver, httpReceiver, mailReceiver } from '../support/receivers.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const PIPELINES = join(import.meta.dirname, '../support/notify-dags.ts');
const MINUTE_MS = 60_000;

describeWith(redisInstalled, 'notifications', () => {
  const server = useRedis();
  const temp = useTempDir();

  /** Two schedulers and a worker with these channels; `stop` comes before the receivers go. */
  async function start(
    channels: Readonly<Record<string, object>>,
    { clock = Date.now, throttle = {} }: { clock?: () => number; throttle?: object } = {},
  ) {
    const fixture = await engineFixture(server.url, server.uniquePrefix());
    const config = loadConfig(
      {
        ...fixture.config,
        lake: join(fixture.dir, 'lake'),
        notify: { label: 'test', channels: channels as Record<string, ChannelSettings>, throttle },
      },
      {},
    );
    const options = { redisUrl: server.url, pipelines: PIPELINES, log: silentLogger };
    const schedulers = await Promise.all([1, 2].map(() => startScheduler(config, { ...options, clock })));
    const worker = await startWorker(config, options);
    // The first look only finds where to begin.
    await fixture.until('the first look', async () =>
      fixture.redis.hexists(fixture.engine.keys.notify, 'cursor').then((there) => there === 1),
    );
    return {
      ...fixture,
      config,
      store: notifyStore(fixture.engine),
      flag: join(fixture.dir, 'flag'),
      async trigger(dagId: string, day = '2018-10-01', params: object = {}) {
        const dag = dags.find(({ id }) => id === dagId)!;
        const interval = intervalOfDay(dag.options, day);
        const run = newRun(dag, {
          kind: 'manual',
          interval,
          params: { flag: join(fixture.dir, 'flag'), ...params },
        });
        await fixture.runs.insertRun(run);
        return { dagId, runId: run.runId };
      },
      async stop() {
        await Promise.all([...schedulers.map((scheduler) => scheduler.stop()), worker.stop({ force: true })]);
      },
    };
  }

  const messagesOf = ({ posts }: HttpReceiver) => posts.map(({ body }) => JSON.parse(body) as Message);

  it('tell of a failed run once, through every channel, and when it has succeeded after all', async () => {
    const hook = await httpReceiver();
    const mail = await mailReceiver();
    const pages = join(temp.path, 'pages');
    const { trigger, until, runs, ended, flag, stop } = await start({
      hook: { type: 'webhook', url: hook.url },
      mail: { type: 'email', server: mail.url, from: 'etl@example.org', to: ['oncall@example.org'] },
      pager: { type: 'command', command: ['tee', '-a', pages] },
      other: { type: 'webhook', url: `${hook.url}/other`, dags: ['shaky'] },
    });
    try {
      const ref = await trigger('gated');
      await until('the failure arrives', async () => hook.posts.length > 0 && mail.mails.length > 0);
      const [failure] = messagesOf(hook);
      expect(failure).toMatchObject({
        kind: 'failure',
        severity: 'error',
        subject: '[test] gated 2018-10-01 (manual) failed at gate',
        what: `Run ${ref.runId} of gated has failed. 1 task did not run for it.`,
        why: 'gate, after 1 attempt: FL_TASK_FAILED: the drop ends inside a gzip block (redis://user:[redacted]@host/0)',
        since: expect.stringMatching(/, \d\d:\d\d E[SD]T, .* after its start$/),
        about: { dagId: 'gated', runId: ref.runId, day: '2018-10-01' },
      });
      expect(failure?.todo[2]).toMatch(
        new RegExp(
          `^./flyerline runs clear gated ${ref.runId.replace(/[+]/g, '\\+')} --failed --downstream --yes +# `,
        ),
      );
      expect(mail.mails[0]?.source).toContain('Subject: [test] gated 2018-10-01 (manual) failed at gate');

      await writeFile(flag, '');
      await runs.clearRun(ref, [{ taskId: 'gate' }, { taskId: 'behind' }]);
      expect(await ended(ref)).toMatchObject({ state: 'success' });
      await until('the recovery arrives', async () => hook.posts.length > 1 && mail.mails.length > 1);
      expect(messagesOf(hook)[1]).toMatchObject({
        kind: 'recovery',
        severity: 'ok',
        subject: '[test] gated 2018-10-01 (manual) succeeded after all',
      });
      // Whatever a second scheduler would have sent, it would have by now.
      await sleep(600);
      expect([hook.posts.length, mail.mails.length]).toEqual([2, 2]);
      const paged = (await readFile(pages, 'utf8')).trim().split('\n');
      expect(paged.map((line) => (JSON.parse(line) as Message).kind)).toEqual(['failure', 'recovery']);
      expect(hook.posts.filter(({ path }) => path === '/other')).toEqual([]);
    } finally {
      await stop();
    }
  });

  it('tell those who ask for it of retries, and that the task succeeded after all', async () => {
    const hook = await httpReceiver();
    const { trigger, until, stop } = await start({
      all: { type: 'webhook', url: `${hook.url}/all`, on: ['retry', 'recovery'] },
      few: { type: 'webhook', url: `${hook.url}/few`, on: ['failure', 'recovery'] },
    });
    try {
      await trigger('shaky');
      await until('both arrive', async () => hook.posts.length >= 2);
      await sleep(500);
      expect(hook.posts.map(({ path }) => path)).toEqual(['/all', '/all']);
      expect(messagesOf(hook).map(({ subject }) => subject)).toEqual([
        '[test] shaky 2018-10-01 (manual): flaky failed and is tried again',
        '[test] shaky 2018-10-01 (manual): flaky succeeded after all',
      ]);
    } finally {
      await stop();
    }
  });

  it('do not wait for a dead receiver, and deliver when it is back', async () => {
    const hook = await httpReceiver();
    hook.status = 0;
    const { trigger, until, ended, store, redis, engine, stop } = await start({
      hook: { type: 'webhook', url: hook.url, timeoutMs: 300 },
    });
    try {
      const ref = await trigger('gated');
      expect(await ended(ref, 5_000)).toMatchObject({ state: 'failed' });
      const health = await until('the failure to deliver is seen', async () => {
        const found = await store.health('hook');
        return found.failure !== undefined && found;
      });
      expect(health).toMatchObject({
        waiting: 1,
        delivered: 0,
        failure: expect.stringContaining('no answer in time'),
      });
      hook.status = 200;
      hook.posts.length = 0;
      // Not to wait for the backoff.
      const outbox = engine.keys.notifyChannel('hook', 'outbox');
      await redis.zadd(outbox, 0, (await redis.zrange(outbox, '0', '0'))[0]!);
      await until('it is delivered', async () => (await store.health('hook')).delivered === 1);
      expect(messagesOf(hook).map(({ kind }) => kind)).toEqual(['failure']);
      expect(await store.health('hook')).toMatchObject({ waiting: 0, givenUp: 0 });
    } finally {
      await stop();
    }
  });

  it('swallow what is too much, and say how much it was', async () => {
    const hook = await httpReceiver();
    const { trigger, until, ended, stop } = await start(
      { hook: { type: 'webhook', url: hook.url } },
      { throttle: { messagesMax: 2, windowMs: 3_000 } },
    );
    try {
      for (const day of ['01', '02', '03', '04', '05']) await ended(await trigger('gated', `2018-10-${day}`));
      await until('the summary arrives', async () => hook.posts.length >= 3);
      const messages = messagesOf(hook);
      expect(messages.map(({ subject }) => subject)).toEqual([
        '[test] gated 2018-10-01 (manual) failed at gate',
        '[test] gated 2018-10-02 (manual) failed at gate',
        expect.stringMatching(/^\[test\] gated: 3 more of "failure" in \d s$/),
      ]);
      expect(messages[1]?.since).toContain('2 runs of gated failed in a row, the first on ');
      expect(messages[2]?.why).toContain('[test] gated 2018-10-05 (manual) failed at gate');
    } finally {
      await stop();
    }
  });

  it('warn of a deadline before it is missed, once; say that it is missed, and that it is met late', async () => {
    const hook = await httpReceiver();
    let aheadMs = 0;
    const { redis, engine, until, stop, reader, runs } = await start(
      { hook: { type: 'webhook', url: hook.url } },
      { clock: () => Date.now() + aheadMs },
    );
    try {
      // Its run succeeds at once, so the deadline is met, and nobody is told.
      const [run] = await until('the run of yesterday', async () => {
        const found = await reader.listRuns({ dagId: 'promised', state: 'success' });
        return found.length === 1 && found;
      });
      await until('the deadline is met', async () =>
        JSON.stringify(await redis.hgetall(engine.keys.notify)).includes('met'),
      );
      await until(
        'its durations are kept',
        async () => (await redis.llen(engine.keys.durations('promised'))) === 1,
      );
      expect(hook.posts).toEqual([]);

      // Once more, as if it had never been, with a history of slow exports and no run: the DAG is paused.
      const [field] = (await redis.hkeys(engine.keys.notify)).filter((name) => name.startsWith('deadline:'));
      await dagStore(engine).pause('promised', true);
      expect(await runs.deleteRun(run!)).toBe(true);
      await redis.lpush(
        engine.keys.durations('promised'),
        ...Array(3).fill(JSON.stringify({ first: 60_000, export: 40 * MINUTE_MS })),
      );
      await redis.multi().hdel(engine.keys.notify, field!).hincrby(engine.keys.notify, 'rev', 1).exec();
      await until('the warning', async () => hook.posts.length > 0);
      const clock = DEADLINE.toFormat('HH:mm');
      expect(messagesOf(hook)[0]).toMatchObject({
        kind: 'deadline',
        severity: 'warning',
        subject: expect.stringMatching(new RegExp(`^\\[test\\] promised \\S+: exports will miss ${clock} `)),
        what: expect.stringMatching(
          /^The deadline of exports of promised \S+ is .*, in 2\d min.* Without help it will not be met\.$/,
        ),
        why: expect.stringMatching(/^promised is paused, and \S+ has no run\.$/),
        todo: [
          expect.stringContaining('./flyerline dags resume promised'),
          expect.stringContaining('trigger promised --date'),
        ],
      });

      aheadMs = 31 * MINUTE_MS;
      await until('it is missed', async () => hook.posts.length > 1);
      await dagStore(engine).pause('promised', false);
      const dag = dags.find(({ id }) => id === 'promised')!;
      await runs.insertRun(newRun(dag, { kind: 'manual', interval: intervalOfDay(dag.options, run!.day) }));
      await until('it is met late', async () => hook.posts.length > 2);
      await sleep(1_200);
      expect(
        messagesOf(hook).map(({ severity, subject }) => [
          severity,
          subject.split(': ')[1]?.replace(/ \d+ (s|min)?.*/, ' …'),
        ]),
      ).toEqual([
        ['warning', expect.stringContaining('exports will miss')],
        ['error', expect.stringContaining('exports missed')],
        ['ok', expect.stringContaining('exports is there')],
      ]);
    } finally {
      await stop();
    }
  });
});
