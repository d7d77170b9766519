/** Redis is lost with all it held: the history of runs comes back from the lake, and nothing that was done is done again. */
import { expect, it } from 'vitest';
import { archiveKey, archiveRuns } from '../../engine/archive/archive-runs.ts';
import { recoverRuns } from '../../engine/archive/recover-runs.ts';
import { runHistory } from '../../engine/archive/run-history.ts';
import { dagStore } from '../../engine/dag-store.ts';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { openStore } from '../../lake/open-store.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

const LATER = Date.parse('2018-11-01T12:00:00Z');

describeWith(redisInstalled, 'a lost Redis', () => {
  const server = useRedis();
  const fixture = async () => {
    const prefix = server.uniquePrefix();
    const made = await engineFixture(server.url, prefix);
    const env = {
      FLYERLINE_REDIS_URL: server.url,
      FLYERLINE_REDIS_PREFIX: prefix,
      FLYERLINE_LAKE: made.config.lake,
    };
    const allArchived = () =>
      made.until(
        'all runs are in the lake',
        async () => (await made.redis.zcard(archiveKey(made.engine))) === 0,
      );
    return { ...made, prefix, env, allArchived };
  };

  it('gets its runs, cursors, pauses and logs back from a scheduler, which repeats nothing', async () => {
    const { startScheduler, startWorker, reader, until, ended, engine, redis, env, allArchived, ...rest } =
      await fixture();
    await startScheduler({ clock: () => LATER });
    await startWorker();
    const history = async () => reader.listRuns({ limit: 100 });
    await until('six runs', async () => (await history()).length === 6);
    for (const run of await history()) await ended(run);
    const rules = await rest.trigger('rules');
    await ended(rules);
    await dagStore(engine).pause('in-order', true);
    await rest.runs.setPool('small', 3);
    // One is under way, and one waits: neither may be forgotten.
    const patient = await rest.trigger('patient', { params: { note: 'x' } });
    await until('it runs', async () => (await reader.getRun(patient)).tasks[0]!.state === 'running');
    await allArchived();
    await until('the latest state is in the lake', async () => {
      const store = await openStore(rest.config.lake);
      const state = (await runHistory(store, rest.prefix).readState())?.state;
      await store.close();
      return state?.openRuns.length === 1 && state.pools.small === '3' && state.dags['in-order']?.paused;
    });
    const before = await history();
    const shown = await reader.getRun(rules);
    const past = await reader.listPastAttempts(rules);

    await redis.flushall();

    await until('everything is back', async () => (await history()).length === before.length);
    await until('it runs again', async () => (await reader.getRun(patient)).tasks[0]!.state === 'running');
    const after = await history();
    const withoutOpen = (runs: typeof before) => runs.filter(({ dagId }) => dagId !== 'patient');
    expect(withoutOpen(after)).toEqual(withoutOpen(before));
    expect((await reader.getRun(patient)).note).toBe('Asked for again after Redis was lost.');
    const restored = await reader.getRun(rules);
    const numberless = ({ attemptId: _, ...task }: (typeof restored.tasks)[number]) => task;
    expect({ ...restored, tasks: restored.tasks.map(numberless) }).toEqual({
      ...shown,
      tasks: shown.tasks.map(numberless),
    });
    expect(await reader.listPastAttempts(rules)).toEqual(past);
    expect(past).toHaveLength(1);
    const inOrder = await until('its DAGs are known', () => dagStore(engine).get('in-order'));
    expect(inOrder).toMatchObject({
      paused: true,
      coveredUntilMs: Date.parse('2018-10-04T00:00:00Z'),
    });
    expect(await redis.hget(engine.keys.pools, 'small')).toBe('3');
    // A second look of the scheduler makes nothing: all intervals have their runs.
    await until('the next state', async () => (await redis.exists(`${engine.keys.base}recovered`)) === 1);
    expect(await history()).toHaveLength(before.length);

    const [daily] = after.filter(({ dagId }) => dagId === 'daily');
    const { stdout } = await flyerline(['logs', 'daily', daily!.runId, 'step'], { env });
    expect(stdout).toMatch(/A step is taken\./);
    expect(stdout).toMatch(/printed by step/);
    const unknown = await flyerline(['logs', 'daily', 'no-such-run', 'step'], { env });
    expect(unknown.stderr).toMatch(/FL_RUN_UNKNOWN/);
  });

  it('is recovered by the command as well, once', async () => {
    const { trigger, startWorker, ended, engine, config, prefix, redis, env, reader } = await fixture();
    await startWorker();
    const ref = await trigger('mapped', { params: { count: 5 } });
    await ended(ref);
    const store = await openStore(config.lake);
    expect(await archiveRuns(engine, runHistory(store, prefix))).toBe(1);
    await store.close();
    await redis.flushall();
    expect(await flyerlineJson(['recover'], { env })).toEqual({ ended: 1, again: 0, unreadable: [] });
    expect(await flyerlineJson(['recover'], { env })).toEqual({ ended: 0, again: 0, unreadable: [] });
    expect((await reader.getRun(ref)).state).toBe('success');
    // With its results: what is cleared reads what the others had made.
    await flyerline(['runs', 'clear', ref.dagId, ref.runId, '--task', 'sum', '--yes'], { env });
    expect((await ended(ref)).state).toBe('success');
  });

  it('puts each run into the lake once, however many schedulers look', async () => {
    const { trigger, startWorker, ended, engine, config, prefix } = await fixture();
    await startWorker();
    const refs = await Promise.all([1, 2, 3, 4, 5, 6].map(() => trigger('single')));
    for (const ref of refs) await ended(ref);
    const store = await openStore(config.lake);
    const counts = await Promise.all([1, 2, 3].map(() => archiveRuns(engine, runHistory(store, prefix))));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
    expect(await runHistory(store, prefix).listRuns()).toHaveLength(6);
    await store.close();
  });

  it('keeps what a run was before it was cleared, and what it is after', async () => {
    const { trigger, startWorker, ended, engine, config, prefix, runs, redis, reader } = await fixture();
    await startWorker();
    const ref = await trigger('single');
    await ended(ref);
    const store = await openStore(config.lake);
    const history = runHistory(store, prefix);
    await archiveRuns(engine, history);
    await runs.clearRun(ref, [{ taskId: 'step' }]);
    await ended(ref);
    await archiveRuns(engine, history);
    await redis.flushall();
    await recoverRuns(engine, history);
    expect((await reader.getRun(ref)).tasks[0]).toMatchObject({ state: 'success', attempts: 2 });
    expect((await history.readLog(ref, { taskId: 'step', mapIndex: -1 }))?.attempt).toBe(2);
    expect((await history.readLog(ref, { taskId: 'step', mapIndex: -1, attempt: 1 }))?.lines).toHaveLength(2);
    await store.close();
  });

  it('hides secrets in what tasks print, and bounds how much is kept', async () => {
    const { engine, redis } = await fixture();
    const logs = attemptLogs(engine);
    await logs.append('7.0.-1.1', [
      'redis://me:hunter2@host:6379/0',
      `GET /x?token=abc&y=1`,
      'x'.repeat(9_000),
    ]);
    const [url, query, long] = await logs.read('7.0.-1.1');
    expect(url).toBe('redis://me:[redacted]@host:6379/0');
    expect(query).toBe('GET /x?token=[redacted]&y=1');
    expect(long).toHaveLength(8_001);
    await logs.append(
      '7.0.-1.1',
      Array.from({ length: 1_500 }, (_, n) => `line ${n}`),
    );
    expect(await logs.read('7.0.-1.1')).toHaveLength(1_000);
    expect(await redis.ttl(engine.keys.log('7.0.-1.1'))).toBeGreaterThan(0);
  });
});
