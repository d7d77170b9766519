/** `workers` and `pools`: who is at work, and limiting it, as a user sees it. */
import { expect, it } from 'vitest';
import type { PoolRow } from '../../engine/redis-pools.ts';
import type { SeenProcess } from '../../engine/redis-processes.ts';
import { programVersion } from '../../infra/program-version.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'the fleet', () => {
  const server = useRedis();

  it('is listed with version and load, and runs no more of a pool than it has slots', async () => {
    const prefix = server.uniquePrefix();
    const env = { FLYERLINE_REDIS_URL: server.url, FLYERLINE_REDIS_PREFIX: prefix };
    const { trigger, startScheduler, startWorker, until, reader, runs } = await engineFixture(
      server.url,
      prefix,
    );
    expect((await flyerline(['workers'], { env })).stdout).toMatch(/^No scheduler and no worker/);
    // Before any of the test DAGs is due.
    await startScheduler({ clock: () => Date.parse('2018-09-01T00:00:00Z') });
    const { id } = await startWorker();
    await flyerline(['pools', 'set', 'default', '1'], { env });
    const [first, second] = [await trigger('patient'), await trigger('patient')];
    const stateOf = async (ref: typeof first) => (await reader.getRun(ref)).tasks[0]!.state;
    await until('one runs', async () => (await stateOf(first)) === 'running');
    const { pools } = await flyerlineJson<{ pools: PoolRow[] }>(['pools'], { env });
    expect(pools).toContainEqual({ pool: 'default', slots: 1, taken: 1, waiting: 1 });
    expect((await flyerline(['pools', 'unset', 'default'], { env })).stdout).toBe(
      '✓ pool default has no limit\n',
    );
    await until('the other runs, too', async () => (await stateOf(second)) === 'running');
    type Fleet = Record<'schedulers' | 'workers', SeenProcess[]>;
    const fleet = await until('the load is reported', async () => {
      const found = await flyerlineJson<Fleet>(['workers'], { env });
      return found.workers[0]?.running === 2 && found;
    });
    expect(fleet.schedulers).toMatchObject([{ version: programVersion() }]);
    expect(fleet.workers).toMatchObject([{ id, version: programVersion(), concurrency: 2, draining: false }]);
    await runs.cancelRun(first, 'enough');
    await runs.cancelRun(second, 'enough');
  });

  it('is asked for a run of a DAG of another module, and waited for, however many newer runs there are', async () => {
    const prefix = server.uniquePrefix();
    const env = { FLYERLINE_REDIS_URL: server.url, FLYERLINE_REDIS_PREFIX: prefix };
    const { trigger, runs, reader, until } = await engineFixture(server.url, prefix);
    const ask = (dagId: string, module = 'test/support/engine-dags.ts') =>
      flyerline(['trigger', dagId, '--date', '2018-09-01', '--wait', '--pipelines', module], { env });
    for (let made = 0; made < 500; made += 1) await trigger('single');
    const asked = ask('single');
    const ref = { dagId: 'single', runId: 'manual__2018-09-01T00:00:00Z' };
    await until('it is there', () => reader.getRun(ref).catch(() => undefined));
    await runs.cancelRun(ref, 'enough');
    const { exitCode, stdout } = await asked;
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('enough')]);
    expect((await ask('nightly')).stderr).toContain('DAG "nightly" is not registered');
    expect((await ask('single', 'nowhere.ts')).stderr).toContain('Module "nowhere.ts" does not exist');
  });

  it('drops one task when told to, and says so', async () => {
    const prefix = server.uniquePrefix();
    const env = { FLYERLINE_REDIS_URL: server.url, FLYERLINE_REDIS_PREFIX: prefix };
    const { trigger, reader } = await engineFixture(server.url, prefix);
    const ref = await trigger('diamond');
    const cancel = (...args: string[]) =>
      flyerline(['runs', 'cancel', ref.dagId, ref.runId, ...args], { env });
    const done = await cancel('--task', 'b', '--reason', 'not today');
    expect(done.stdout).toBe(`✓ b of ${ref.runId} is cancelled\n`);
    const { state, tasks } = await reader.getRun(ref);
    expect([state, ...tasks.map((task) => task.state)]).toEqual([
      'running',
      'scheduled',
      'failed',
      'none',
      'none',
    ]);
    expect(tasks[1]!.note).toBe('not today');
    expect((await cancel('--task', 'b')).stdout).toBe(`– b of ${ref.runId} has ended already\n`);
    const nameless = await cancel('--map-index', '3');
    expect(nameless.exitCode).toBe(2);
    expect(nameless.stderr).toMatch(/FL_USAGE/);
  });
});
