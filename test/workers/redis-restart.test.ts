/** Redis is killed in the middle of runs, and comes back with what its append-only file has. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isAlive } from '../../infra/is-alive.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useRestartableRedis } from '../support/restartable-redis.ts';

describeWith(redisInstalled, 'a restart of Redis', () => {
  const redis = useRestartableRedis();

  it('lets every run end, with each task done', async () => {
    const { startScheduler, startWorker, trigger, ended, journal, until } = await engineFixture(
      redis.url,
      'restart',
    );
    await Promise.all([startScheduler(), startWorker(), startWorker()]);
    const runIds = ['manual__1', 'manual__2', 'manual__3'];
    const refs = await Promise.all(runIds.map((runId) => trigger('diamond', { runId, params: { ms: 400 } })));
    await until('a task has ended', async () =>
      (await journal(refs[0]!)).some((line) => line.startsWith('end')),
    );
    // The file is synced every second: what happens after that may be forgotten, and is done again.
    await redis.kill();
    await sleep(500);
    await redis.start();
    for (const ref of refs) {
      const run = await ended(ref, 40_000);
      expect(run.state).toBe('success');
      const lines = await journal(ref);
      for (const taskId of ['a', 'b', 'c', 'd']) {
        expect(lines.filter((line) => line.startsWith(`end ${taskId}#`)).length).toBeGreaterThanOrEqual(1);
      }
      // Whatever was done again, nothing began before what it depends on had ended.
      expect(lines.findIndex((line) => line.startsWith('start d#'))).toBeGreaterThan(
        Math.max(...['b', 'c'].map((id) => lines.findIndex((line) => line.startsWith(`end ${id}#`)))),
      );
    }
  });

  it.each(['worker', 'scheduler'] as const)('lets a %s leave while Redis is away', async (kind) => {
    const { fork, until } = await engineFixture(redis.url, `leave-${kind}`);
    const leaving = await fork(kind);
    const gone = once(leaving, 'exit');
    await redis.kill();
    try {
      // By now it waits to connect again.
      await sleep(500);
      leaving.kill('SIGTERM');
      await until('it has left', async () => leaving.exitCode !== null, 15_000);
      expect(await gone).toEqual([0, null]);
    } finally {
      await redis.start();
    }
  });

  it('kills what runs when a worker is told twice to leave, Redis or not', async () => {
    const { fork, until, trigger, journal, pids } = await engineFixture(redis.url, 'killed-twice');
    const leaving = await fork('worker');
    const ref = await trigger('patient');
    await until('the task has started', async () => (await journal(ref)).length === 1);
    await redis.kill();
    try {
      leaving.kill('SIGTERM');
      await sleep(500);
      expect(leaving.exitCode).toBe(null);
      leaving.kill('SIGTERM');
      await until('it has left', async () => leaving.exitCode !== null, 15_000);
      for (const pid of await pids(ref)) expect(isAlive(pid)).toBe(false);
    } finally {
      await redis.start();
    }
  });
});
