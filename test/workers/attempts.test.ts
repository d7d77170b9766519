/** What workers make of runs: order, retries, rules, maps, timeouts, cancels, logs, all through Redis and real processes. */
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { isAlive } from '../../infra/is-alive.ts';
import { type EngineFixture, engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'workers', () => {
  const server = useRedis();
  let fixture: EngineFixture;
  beforeAll(async () => {
    fixture = await engineFixture(server.url, server.uniquePrefix(), {}, afterAll);
    await Promise.all([fixture.startScheduler(), fixture.startWorker()]);
  });

  it('run a diamond in order, and its middle side by side', async () => {
    const { trigger, ended, journal } = fixture;
    const ref = await trigger('diamond', { params: { ms: 300 } });
    const run = await ended(ref);
    expect(run.state).toBe('success');
    const lines = await journal(ref);
    expect(lines.slice(0, 2)).toEqual(['start a#1', 'end a#1']);
    expect(lines.slice(2, 4).sort()).toEqual(['start b#1', 'start c#1']);
    expect(lines.slice(4, 6).sort()).toEqual(['end b#1', 'end c#1']);
    expect(lines.slice(6)).toEqual(['start d#1', 'end d#1']);
    expect(run.tasks.map(({ taskId, state, attempts }) => [taskId, state, attempts])).toEqual([
      ['a', 'success', 1],
      ['b', 'success', 1],
      ['c', 'success', 1],
      ['d', 'success', 1],
    ]);
  });

  it('map a task over a list and pass the results on', async () => {
    const { trigger, ended, journal } = fixture;
    const ref = await trigger('mapped', { params: { count: 300 } });
    const run = await ended(ref);
    expect(run.state).toBe('success');
    expect(run.tasks.filter(({ taskId, state }) => taskId === 'double' && state === 'success')).toHaveLength(
      300,
    );
    // More elements than a claim brings along: the rest is read by the worker.
    expect((await journal(ref)).at(-1)).toBe('sum=90300 sum#1');
  });

  it('skip what is mapped over an empty list', async () => {
    const { trigger, ended } = fixture;
    const run = await ended(await trigger('mapped', { params: { count: 0 } }));
    expect(run.tasks.map(({ taskId, state }) => [taskId, state])).toEqual([
      ['list', 'success'],
      ['double', 'skipped'],
      ['sum', 'skipped'],
    ]);
  });

  it('try a failing task again, after its backoff, and remember what went wrong', async () => {
    const { trigger, ended, journal, reader } = fixture;
    const ref = await trigger('flaky');
    const run = await ended(ref);
    expect(run).toMatchObject({ state: 'success', tasks: [{ state: 'success', attempts: 3 }] });
    expect(await journal(ref)).toEqual(['start flaky#1', 'start flaky#2', 'start flaky#3']);
    const past = await reader.listPastAttempts(ref);
    expect(past.map(({ attempt, outcome, error }) => [attempt, outcome, error.message])).toEqual([
      [1, 'failed', 'not on attempt 1'],
      [2, 'failed', 'not on attempt 2'],
    ]);
    expect(past[1]!.startedAtMs! - past[0]!.endedAtMs).toBeGreaterThanOrEqual(50);
  });

  it('follow trigger rules past a task that fails for good and one that has nothing to do', async () => {
    const { trigger, ended, journal } = fixture;
    const ref = await trigger('rules');
    const run = await ended(ref);
    expect(run.state).toBe('failed');
    expect(Object.fromEntries(run.tasks.map(({ taskId, state }) => [taskId, state]))).toEqual({
      hopeless: 'failed',
      never: 'upstream_failed',
      idle: 'skipped',
      'also-skipped': 'skipped',
      cleanup: 'success',
      last: 'success',
    });
    expect((await journal(ref)).filter((line) => line.includes('hopeless'))).toEqual(['start hopeless#1']);
    expect(run.tasks.find(({ taskId }) => taskId === 'hopeless')?.error).toEqual({
      code: 'FL_TASK_FAILED',
      message: 'never',
    });
  });

  it('kill a task that takes too long, even when its event loop is blocked, and go on', async () => {
    const { trigger, ended, journal, reader } = fixture;
    const ref = await trigger('stubborn');
    const run = await ended(ref);
    expect(run).toMatchObject({ state: 'success', tasks: [{ attempts: 2 }] });
    expect(await journal(ref)).toEqual(['start stubborn#1', 'start stubborn#2']);
    const [past] = await reader.listPastAttempts(ref);
    expect(past).toMatchObject({ outcome: 'failed', error: { code: 'FL_TASK_TIMEOUT' } });
    expect(past!.endedAtMs - past!.startedAtMs!).toBeLessThan(3_000);
  });

  it('survive a task that takes its process down', async () => {
    const { trigger, ended, reader } = fixture;
    const ref = await trigger('fragile');
    expect(await ended(ref)).toMatchObject({ state: 'success', tasks: [{ attempts: 2 }] });
    const [past] = await reader.listPastAttempts(ref);
    expect(past!.error.message).toContain('SIGKILL');
  });

  it('poke a sensor until its flag is there, without holding the worker', async () => {
    const { trigger, ended, journal, flag, until } = fixture;
    const ref = await trigger('sensor');
    await until('two pokes', async () => (await journal(ref)).length >= 2);
    await writeFile(flag(ref), '');
    const run = await ended(ref);
    expect(run.state).toBe('success');
    expect(run.tasks[0]!.attempts).toBe((await journal(ref)).length);
  });

  it('lend the slot of a waiting sensor to others between its pokes', async () => {
    const { trigger, ended, journal, flag, until, runs } = fixture;
    await runs.setPool('one', 1);
    const ref = await trigger('one-slot');
    await until('the other has run', async () => (await journal(ref)).includes('end step#1'));
    expect((await journal(ref))[0]).toBe('poke sensor#1');
    await writeFile(flag(ref), '');
    expect((await ended(ref)).state).toBe('success');
  });

  it('take what is of their queues, and leave the rest to workers of its class', async () => {
    const { trigger, ended, until, reader, startWorker } = fixture;
    const ref = await trigger('two-classes');
    const stateOf = async (id: string) =>
      (await reader.getRun(ref)).tasks.find(({ taskId }) => taskId === id)!;
    await until('one has run', async () => (await stateOf('small')).state === 'success');
    expect((await stateOf('large')).state).toBe('scheduled');
    const { id } = await startWorker({ queues: ['big-memory'] });
    await ended(ref);
    expect((await stateOf('large')).worker).toBe(id);
    expect((await stateOf('small')).worker).not.toBe(id);
  });

  it('stop a cancelled attempt within two seconds', async () => {
    const { trigger, ended, journal, runs, reader, until } = fixture;
    const ref = await trigger('patient');
    await until('the task waits', async () => (await journal(ref)).length === 1);
    await until(
      'its progress is seen',
      async () => (await reader.getRun(ref)).tasks[0]?.progress?.note === 'waiting',
    );
    const askedMs = Date.now();
    expect(await runs.cancelRun(ref, 'changed my mind')).toBe(true);
    await until(
      'the task has stopped',
      async () => (await journal(ref)).includes('stopped patient#1'),
      2_000,
    );
    expect(Date.now() - askedMs).toBeLessThan(2_000);
    expect(await ended(ref)).toMatchObject({
      state: 'failed',
      cancelled: 'changed my mind',
      tasks: [{ state: 'failed', error: { code: 'FL_CANCELLED' } }],
    });
  });

  it('stop a cancelled task within two seconds though it blocks its event loop; the rest of its run goes on', async () => {
    const { trigger, ended, journal, runs, pids, until } = fixture;
    const ref = await trigger('blocked', { params: { ms: 500 } });
    await until('it runs', async () => (await journal(ref)).includes('start blocked#1'));
    const [pid] = await pids(ref, 'blocked');
    const cancel = { taskId: 'blocked', reason: 'not today' };
    expect(await runs.cancelTask(ref, cancel)).toBe(true);
    await until('its process is dead', async () => !isAlive(pid!), 2_000);
    const run = await ended(ref);
    expect(run.state).toBe('success');
    expect(
      Object.fromEntries(run.tasks.map(({ taskId, state, attempts }) => [taskId, [state, attempts]])),
    ).toEqual({ blocked: ['failed', 1], after: ['success', 1], beside: ['success', 1] });
    expect(run.tasks.find(({ taskId }) => taskId === 'blocked')?.note).toBe('not today');
    expect(await runs.cancelTask(ref, cancel)).toBe(false);
  });

  it('are told to stop when the run takes too long', async () => {
    const { trigger, ended } = fixture;
    const run = await ended(await trigger('short-lived'));
    expect(run).toMatchObject({ state: 'failed', cancelled: 'The run took longer than 500 ms.' });
  });

  it('keep the log of each attempt, and leave no scratch behind', async () => {
    const { trigger, ended, engine, config, until } = fixture;
    const run = await ended(await trigger('single'));
    const { attemptId } = run.tasks[0]!;
    const lines = await until('the log', async () => {
      const found = await attemptLogs(engine).read(attemptId!);
      return found.length > 1 && found;
    });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'info',
      message: 'A step is taken.',
      dagId: 'single',
      runId: run.runId,
      taskId: 'step',
      attempt: 1,
    });
    // What a task prints is kept, too, in order.
    expect(JSON.parse(lines[1]!)).toMatchObject({ level: 'info', message: 'printed by step' });
    const left = existsSync(config.scratchDir) ? await readdir(config.scratchDir, { recursive: true }) : [];
    expect(left.filter((name) => name.includes('step-'))).toEqual([]);
  });

  it('run one attempt after another in the same warm processes, and leave no job behind', async () => {
    const { trigger, ended, engine, pids, until } = fixture;
    const seen = new Set<number>();
    for (let n = 0; n < 3; n += 1) {
      const ref = await trigger('diamond');
      await ended(ref);
      for (const pid of await pids(ref)) seen.add(pid);
    }
    expect(seen.size).toBeLessThanOrEqual(2);
    await until('its jobs are gone', async () => {
      const keys = await engine.redis.keys(`${engine.keys.bull}:*`);
      return keys.every((key) => !/:\d+\.\d+\./.test(key));
    });
  });
});
