/** Redis is lost with all it held: the history of runs comes back from the lake, and nothing that was done is done again. */
import { expect, it } from 'vitest';
import { archiveKey, archiveRuns } from '../../engine/archive/archive-runs.ts';
import { recoverRuns } from '../../engine/archive/recover-runs.ts';
import { runHistory } from '../../engine/archive/run-history.ts';
import { dagStore } from '../../engine/dag-store.ts';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { openStore } from '../../lake/open-store.ts';
import { dags } from '../support/engine-dags.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useRestartableRedis } from '../support/restartable-redis.ts';

const LATER = Date.parse('2018-11-01T12:00:00Z');

describeWith(redisInstalled, 'a lost Redis', () => {
  const server = useRedis();
  const mortal = useRestartableRedis({ appendOnly: false });
  const fixture = async ({ url } = server as { readonly url: string }) => {
    const prefix = server.uniquePrefix();
    const made = await engineFixture(url, prefix);
    const env = {
      FLYERLINE_REDIS_URL: url,
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

  it('that was killed and starts empty gets all back from a scheduler, which repeats nothing', async () => {
    const { startScheduler, startWorker, reader, until, ended, engine, redis, env, allArchived, ...rest } =
      await fixture(mortal);
    await startScheduler({ clock: () => LATER });
    await startWorker();
    const history = async () => reader.listRuns({ limit: 100 });
    await until('six runs', async () => (await history()).length === 6);
    for (const run of await history()) await ended(run);
    const rules = await rest.trigger('rules');
    await ended(rules);
    await dagStore(engine).pause('in-order', true);
    await rest.runs.setPool('small', 3);
    // Two days of a backfill, one at a time, and a paused one.
    const inBackfill = async (lane: string, runId: string) => {
      const dag = dags.find(({ id }) => id === 'patient')!;
      const interval = intervalOfDay(dag.options, '2018-10-01');
      const run = newRun(dag, { kind: 'backfill', interval, runId, params: {} });
      await rest.runs.insertRun({ ...run, lane: { name: lane, activeRunsMax: 1 } });
      return { dagId: 'patient', runId };
    };
    await rest.runs.pauseLane('backfill-2', true);
    await redis.hset(engine.keys.limits, 'backfill-3', 7);
    const backfill = [
      await inBackfill('backfill-1', 'backfill__1'),
      await inBackfill('backfill-1', 'backfill__2'),
      await inBackfill('backfill-2', 'backfill__3'),
    ];
    const states = () => Promise.all(backfill.map(async (ref) => (await reader.getRun(ref)).state));
    expect(await states()).toEqual(['running', 'queued', 'queued']);
    // One is under way, and one waits: neither may be forgotten.
    const patient = await rest.trigger('patient', { params: { note: 'x' } });
    await until('it runs', async () => (await reader.getRun(patient)).tasks[0]!.state === 'running');
    await allArchived();
    await until('the latest state is in the lake', async () => {
      const store = await openStore(rest.config.lake);
      const state = (await runHistory(store, rest.prefix).readState())?.state;
      await store.close();
      return state?.openRuns.length === 4 && state.pools.small === '3' && state.dags['in-order']?.paused;
    });
    const tookOf = async (dagId: string) => (await redis.lrange(engine.keys.durations(dagId), 0, -1)).sort();
    const took = await until('how long tasks took is known', async () => {
      const found = await tookOf('daily');
      return found.length === 3 && found;
    });
    const before = await history();
    const shown = await reader.getRun(rules);
    const past = await reader.listPastAttempts(rules);

    await mortal.kill();
    await mortal.start();

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
    expect(await states()).toEqual(['running', 'queued', 'queued']);
    expect(await redis.hget(engine.keys.lane('backfill-2'), 'paused')).toBe('all');
    expect(await redis.hget(engine.keys.limits, 'backfill-3')).toBe('7');
    expect(await tookOf('daily')).toEqual(took);
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
