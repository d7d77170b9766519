/** Schedulers: due runs once each, caught up, in order, as many at a time as allowed, whoever makes them. */
import { expect, it } from 'vitest';
import { dagStore } from '../../engine/dag-store.ts';
import { listProcesses } from '../../engine/redis-processes.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

const LATER = Date.parse('2018-11-01T12:00:00Z');

describeWith(redisInstalled, 'schedulers', () => {
  const server = useRedis();
  const fixture = () => engineFixture(server.url, server.uniquePrefix());

  it('catch up three days, oldest first, and no run twice with two of them', async () => {
    const { startScheduler, startWorker, reader, until, ended, engine } = await fixture();
    await Promise.all([
      startScheduler({ clock: () => LATER }),
      startScheduler({ clock: () => LATER }),
      startWorker(),
    ]);
    const runs = await until('three runs', async () => {
      const found = await reader.listRuns({ dagId: 'daily' });
      return found.length === 3 && found;
    });
    expect(runs.map(({ runId }) => runId)).toEqual([
      'scheduled__2018-10-03T00:00:00-04:00',
      'scheduled__2018-10-02T00:00:00-04:00',
      'scheduled__2018-10-01T00:00:00-04:00',
    ]);
    for (const run of runs)
      expect(await ended(run)).toMatchObject({ state: 'success', tasks: [{ attempts: 1 }] });
    expect(await listProcesses(engine, 'scheduler')).toHaveLength(2);
    expect((await dagStore(engine).get('daily'))?.coveredUntilMs).toBe(
      Date.parse('2018-10-04T00:00:00-04:00'),
    );
  });

  it('make nothing before its time', async () => {
    const { startScheduler, reader, until, engine } = await fixture();
    // Local midnight of the second day has not come yet.
    const nowMs = Date.parse('2018-10-02T23:59:59-04:00');
    await startScheduler({ clock: () => nowMs });
    await until('the first run', async () => (await reader.listRuns({ dagId: 'daily' })).length > 0);
    await until(
      'another look',
      async () => (await dagStore(engine).get('daily'))?.coveredUntilMs !== undefined,
    );
    expect((await reader.listRuns({ dagId: 'daily' })).map(({ day }) => day)).toEqual(['2018-10-01']);
  });

  it('take over when the leader is gone', async () => {
    const { fork, startScheduler, trigger, startWorker, ended } = await fixture();
    const leader = await fork('scheduler');
    await startScheduler();
    await startWorker();
    leader.kill('SIGKILL');
    // Needs a scheduler: the retry is due later.
    expect(await ended(await trigger('flaky'))).toMatchObject({ state: 'success', tasks: [{ attempts: 3 }] });
  });

  it('begin as many runs of a DAG at a time as it allows', async () => {
    const { startScheduler, reader, until } = await fixture();
    await startScheduler({ clock: () => LATER });
    const runs = await until('three runs', async () => {
      const found = await reader.listRuns({ dagId: 'daily' });
      return found.length === 3 && found;
    });
    // No worker: none of them ends.
    expect(runs.map(({ state }) => state)).toEqual(['queued', 'running', 'running']);
  });

  it('let a run that depends on the past wait for the one before it', async () => {
    const { startScheduler, startWorker, reader, until, ended } = await fixture();
    await startScheduler({ clock: () => LATER });
    const runs = await until('three runs', async () => {
      const found = await reader.listRuns({ dagId: 'in-order' });
      return found.length === 3 && found;
    });
    expect(runs.map(({ state }) => state)).toEqual(['queued', 'queued', 'running']);
    await startWorker();
    const [third, second, first] = [await ended(runs[0]!), await ended(runs[1]!), await ended(runs[2]!)];
    expect(first!.endedAtMs!).toBeLessThanOrEqual(second!.startedAtMs);
    expect(second!.endedAtMs!).toBeLessThanOrEqual(third!.startedAtMs);
  });

  it('leave a paused DAG alone, and catch up when it goes on', async () => {
    const { startScheduler, reader, until, engine } = await fixture();
    const dagStates = dagStore(engine);
    let nowMs = Date.parse('2018-09-30T12:00:00Z');
    await startScheduler({ clock: () => nowMs });
    await dagStates.pause('daily', true);
    nowMs = LATER;
    await until(
      'runs of another DAG',
      async () => (await reader.listRuns({ dagId: 'in-order' })).length === 3,
    );
    expect(await reader.listRuns({ dagId: 'daily' })).toEqual([]);
    await dagStates.pause('daily', false);
    await until('its runs', async () => (await reader.listRuns({ dagId: 'daily' })).length === 3);
  });
});
