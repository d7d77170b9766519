/** What happens when workers die, hang, come back too late, or are asked to leave. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { attemptStore } from '../../engine/attempt-store.ts';
import { listProcesses } from '../../engine/redis-processes.ts';
import { loadConfig } from '../../infra/config.ts';
import { isAlive } from '../../infra/is-alive.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'takeover', () => {
  const server = useRedis();
  const fixture = (settings = {}) => engineFixture(server.url, server.uniquePrefix(), settings);

  it('runs the attempt of a worker that was killed once more, elsewhere', async () => {
    const { fork, startScheduler, startWorker, trigger, journal, ended, reader, until } = await fixture();
    await startScheduler();
    const doomed = await fork('worker');
    const ref = await trigger('single', { params: { ms: 1_500 } });
    await until('the task has started', async () => (await journal(ref)).length === 1);
    const killedMs = Date.now();
    doomed.kill('SIGKILL');
    await startWorker();
    const run = await ended(ref);
    expect(run).toMatchObject({ state: 'success', tasks: [{ attempts: 2 }] });
    // Lease of 1 s, looked at every 0.2 s, and the task itself.
    expect(run.endedAtMs! - killedMs).toBeLessThan(8_000);
    expect(await journal(ref)).toEqual(['start step#1', 'start step#2', 'end step#2']);
    expect(await reader.listPastAttempts(ref)).toMatchObject([
      { outcome: 'lost', error: { code: 'FL_LEASE_LOST' } },
    ]);
  });

  it('goes on within 15 s of a kill with the default settings', async () => {
    const { leaseMs, reconcileMs, schedulerTickMs } = loadConfig({}, {}).engine;
    const { fork, startScheduler, startWorker, trigger, journal, until } = await fixture({
      leaseMs,
      reconcileMs,
      schedulerTickMs,
    });
    await startScheduler();
    const doomed = await fork('worker');
    const ref = await trigger('patient');
    await until('the task has started', async () => (await journal(ref)).length === 1);
    await startWorker();
    // The worst moment: its lease has just been extended.
    const killedMs = Date.now();
    doomed.kill('SIGKILL');
    await until(
      'another worker runs it',
      async () => (await journal(ref)).includes('start patient#2'),
      15_000,
    );
    expect(Date.now() - killedMs).toBeLessThan(15_000);
  });

  it.each(['job-taken', 'claimed'] as const)(
    'goes on after a worker that died at the step "%s"',
    async (step) => {
      const { forkToCrash, startScheduler, startWorker, trigger, ended } = await fixture();
      const doomed = await forkToCrash(step);
      const ref = await trigger('single');
      if (doomed.signalCode === null) await once(doomed, 'exit');
      // Only now: it makes runs of other DAGs, whose attempts the doomed worker might have died of.
      await startScheduler();
      await startWorker();
      const readyMs = Date.now();
      const run = await ended(ref);
      expect(run).toMatchObject({ state: 'success', tasks: [{ attempts: step === 'claimed' ? 2 : 1 }] });
      // Lease of 1 s: neither waits for times that BullMQ would choose by itself.
      expect(run.endedAtMs! - readyMs).toBeLessThan(8_000);
    },
  );

  it('ends the child processes of a worker that was killed', async () => {
    const { fork, trigger, journal, pids, until } = await fixture();
    const doomed = await fork('worker');
    const ref = await trigger('patient');
    await until('the task has started', async () => (await journal(ref)).length === 1);
    const [pid] = await pids(ref);
    doomed.kill('SIGKILL');
    await until('its child has ended', async () => !isAlive(pid!));
  });

  it('refuses the report of an attempt that has lost its lease', async () => {
    const { engine, trigger, startScheduler, startWorker, ended, journal, until, config, reader } =
      await fixture();
    const store = attemptStore(engine);
    await startScheduler();
    const ref = await trigger('single');
    // A worker that claims, and then freezes: no heartbeat.
    const attemptId = '1.0.-1.1';
    const by = { token: 'zombie', worker: 'frozen', leaseMs: config.engine.leaseMs };
    expect((await store.claim(attemptId, by)).refusal).toBeUndefined();
    await until('the lease is lost', async () => (await reader.getRun(ref)).tasks[0]!.attempts === 2);
    await startWorker();
    expect(await ended(ref)).toMatchObject({ state: 'success' });
    expect(await store.finish({ attemptId, token: 'zombie' }, { result: 'mine' })).toEqual({
      refusal: 'stale-attempt',
    });
    expect(await store.heartbeat([{ attemptId, token: 'zombie' }], 1_000)).toEqual([false]);
    expect(await journal(ref)).toEqual(['start step#2', 'end step#2']);
  });

  it('runs an attempt once, however often its job comes', async () => {
    const { engine, redis, config, trigger, startWorker, ended, journal } = await fixture();
    const ref = await trigger('single', { params: { ms: 300 } });
    // As if a scheduler had thought it forgotten while a worker was about to take it.
    const { Queue } = await import('bullmq');
    const queue = new Queue('default', { connection: redis, prefix: engine.keys.bull });
    const jobs = Array.from({ length: 5 }, (_, n) => ({
      name: 'attempt',
      data: {},
      opts: { jobId: n === 0 ? '1.0.-1.1' : `1.0.-1.1.${n}` },
    }));
    await queue.addBulk(jobs);
    expect(config.engine.workerConcurrency).toBe(2);
    await Promise.all([startWorker(), startWorker()]);
    await ended(ref);
    await sleep(300);
    expect(await journal(ref)).toEqual(['start step#1', 'end step#1']);
    await queue.close();
  });

  it('dispatches again what nobody has claimed', async () => {
    const { redis, engine, trigger, startScheduler, startWorker, ended } = await fixture();
    const ref = await trigger('single');
    // The job is lost: whoever took it died before it claimed the attempt.
    await redis.del(...(await redis.keys(`${engine.keys.bull}:*`)));
    await Promise.all([startScheduler(), startWorker()]);
    expect(await ended(ref)).toMatchObject({ state: 'success', tasks: [{ attempts: 1 }] });
  });

  it('lets a worker that is asked to leave finish what it runs, and gives it nothing new', async () => {
    const { fork, startScheduler, startWorker, trigger, journal, ended, engine, until } = await fixture();
    await startScheduler();
    const leaving = await fork('worker');
    const ref = await trigger('diamond', { params: { ms: 700 } });
    await until('the task has started', async () => (await journal(ref)).length === 1);
    leaving.kill('SIGTERM');
    const [code] = await once(leaving, 'exit');
    expect(code).toBe(0);
    expect(await journal(ref)).toEqual(['start a#1', 'end a#1']);
    expect(await listProcesses(engine, 'worker')).toEqual([]);
    await startWorker();
    const run = await ended(ref);
    expect(run.tasks.every(({ attempts }) => attempts === 1)).toBe(true);
  });

  it('hands over at once what a worker runs that is told twice to leave', async () => {
    // With a lease so long that waiting for its end would fail the test.
    const { fork, startScheduler, startWorker, trigger, journal, ended, until } = await fixture({
      leaseMs: 60_000,
    });
    await startScheduler();
    const leaving = await fork('worker');
    const ref = await trigger('single', { params: { ms: 4_000 } });
    await until('the task has started', async () => (await journal(ref)).length === 1);
    leaving.kill('SIGTERM');
    await sleep(100);
    leaving.kill('SIGTERM');
    await once(leaving, 'exit');
    await startWorker();
    const run = await ended(ref);
    expect(run).toMatchObject({ state: 'success', tasks: [{ attempts: 2 }] });
  });

  it('leaves no process behind when a worker stops', async () => {
    const { startWorker, trigger, ended, pids, until } = await fixture();
    const worker = await startWorker();
    const ref = await trigger('diamond', { params: { ms: 50 } });
    await ended(ref);
    const children = [...(await pids(ref))];
    await worker.stop();
    for (const pid of children) await until(`process ${pid} has ended`, async () => !isAlive(pid), 2_000);
  });
});
