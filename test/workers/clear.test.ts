/** `clear` over the real engine: it says first what it would do, and does it to one run or to many. */
import { expect, it } from 'vitest';
import { clearRuns } from '../../engine/clear-runs.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

interface Answer {
  readonly cleared: boolean;
  readonly runs: readonly { readonly runId: string; readonly instances: readonly { taskId: string }[] }[];
}

describeWith(redisInstalled, 'clear', () => {
  const server = useRedis();
  const fixture = async () => {
    const prefix = server.uniquePrefix();
    const made = await engineFixture(server.url, prefix);
    const env = { FLYERLINE_REDIS_URL: server.url, FLYERLINE_REDIS_PREFIX: prefix };
    const clear = (...args: string[]) => flyerlineJson<Answer>(['clear', ...args], { env });
    return { ...made, env, clear };
  };
  const tasksOf = ({ runs }: Answer) => runs.map(({ instances }) => instances.map(({ taskId }) => taskId));

  it('says what would run again, and runs it when told to', async () => {
    const { clear, trigger, startWorker, ended, reader, env } = await fixture();
    await startWorker();
    const ref = await trigger('rules');
    await ended(ref);
    const { dagId, runId } = ref;
    expect(tasksOf(await clear(dagId, runId, '--failed'))).toEqual([['hopeless', 'never']]);
    expect(tasksOf(await clear(dagId, runId, '--task', 'last', '--upstream'))).toEqual([
      ['hopeless', 'idle', 'cleanup', 'last'],
    ]);
    const behind = ['--failed', '--downstream'];
    const all = ['hopeless', 'never', 'cleanup', 'last'];
    expect(tasksOf(await clear(dagId, runId, ...behind))).toEqual([all]);
    expect((await reader.getRun(ref)).tasks.every(({ attempts }) => attempts <= 1)).toBe(true);
    const { stdout } = await flyerline(['clear', dagId, runId, ...behind], { env });
    expect(stdout).toMatch(/^Would run again \(say --yes to do it\):\nmanual__1\n {2}hopeless \(failed\)\n/);
    expect((await clear(dagId, runId, ...behind, '--yes')).cleared).toBe(true);
    const run = await ended(ref);
    const attempts = Object.fromEntries(run.tasks.map((task) => [task.taskId, task.attempts]));
    expect(attempts).toMatchObject({ hopeless: 2, cleanup: 2, last: 2, idle: 1 });
  });

  it('takes the runs of a range of days, and one instance of a mapped task', async () => {
    const { clear, startScheduler, startWorker, ended, reader, until, trigger } = await fixture();
    await startScheduler({ clock: () => Date.parse('2018-11-01T12:00:00Z') });
    await startWorker();
    const runs = await until('three runs', async () => {
      const found = await reader.listRuns({ dagId: 'daily' });
      return found.length === 3 && found;
    });
    for (const run of runs) await ended(run);
    const range = ['daily', '--from', '2018-10-02', '--to', '2018-10-03'];
    expect((await clear(...range)).runs.map(({ runId }) => runId)).toEqual([
      'scheduled__2018-10-02T00:00:00-04:00',
      'scheduled__2018-10-03T00:00:00-04:00',
    ]);
    await clear(...range, '--yes');
    for (const run of runs) {
      expect((await ended(run)).tasks[0]!.attempts).toBe(run.day === '2018-10-01' ? 1 : 2);
    }
    const { dagId, runId } = await trigger('mapped');
    await ended({ dagId, runId });
    const one = await clear(dagId, runId, '--task', 'double', '--map-index', '1', '--downstream');
    expect(one.runs[0]!.instances).toEqual([
      { taskId: 'double', mapIndex: 1, state: 'success' },
      { taskId: 'sum', mapIndex: -1, state: 'success' },
    ]);
  });

  it('changes nothing by default when a program asks, and nothing at all when one run does not fit', async () => {
    const { engine, trigger, startWorker, ended, reader, env } = await fixture();
    await startWorker();
    const ref = await trigger('single');
    const before = await ended(ref);
    const request = { dagId: 'single', runs: { from: '2018-10-01', to: '2018-10-01' } };
    expect(await clearRuns(engine, request)).toMatchObject([{ runId: ref.runId, state: 'success' }]);
    expect(await reader.getRun(ref)).toEqual(before);
    await expect(
      clearRuns(engine, { ...request, taskIds: ['step', 'nobody'], dryRun: false }),
    ).rejects.toThrow(/nobody/);
    expect(await reader.getRun(ref)).toEqual(before);
    const wrong = await flyerline(['clear', 'single'], { env });
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/either a run id or --from/);
  });
});
