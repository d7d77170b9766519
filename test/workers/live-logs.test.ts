/** `logs`: what a running attempt says arrives while it runs, however much that is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'logs', () => {
  const server = useRedis();

  it('are followed while the attempt runs, and end with it', async () => {
    const prefix = server.uniquePrefix();
    const { trigger, startWorker, journal, until, runs, config } = await engineFixture(server.url, prefix);
    await startWorker();
    const ref = await trigger('single', { params: { ms: 60_000 } });
    await until('it runs', async () => (await journal(ref)).length === 1);
    const env = {
      ...process.env,
      FLYERLINE_REDIS_URL: server.url,
      FLYERLINE_REDIS_PREFIX: prefix,
      FLYERLINE_LAKE: config.lake,
      NO_COLOR: '1',
    };
    const args = [join(PROJECT_ROOT, 'cli/main.ts'), 'logs', ref.dagId, ref.runId, 'step', '-f'];
    const follower = spawn(process.execPath, args, {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000,
    });
    const ended = once(follower, 'exit');
    const all = text(follower.stdout);
    const [first] = (await once(follower.stdout, 'data')) as [Buffer];
    expect(first.toString()).toContain('A step is taken.');
    expect(follower.exitCode).toBeNull();
    await runs.cancelRun(ref, 'seen enough');
    expect((await ended)[0]).toBe(0);
    expect((await all).match(/A step is taken\./g)).toHaveLength(1);
  });

  it('go on after more lines than are kept, none of them twice', async () => {
    const { engine } = await engineFixture(server.url, server.uniquePrefix());
    const logs = attemptLogs(engine);
    const lines = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
    await logs.append('7.0.-1.1', lines(0, 900));
    const first = await logs.readOn('7.0.-1.1', 0);
    expect(first).toEqual({ lines: lines(0, 900), next: 900 });
    await logs.append('7.0.-1.1', lines(900, 1_200));
    const second = await logs.readOn('7.0.-1.1', first.next);
    expect(second).toEqual({ lines: lines(900, 1_200), next: 1_200 });
    expect((await logs.readOn('7.0.-1.1', second.next)).lines).toEqual([]);
    await logs.append('7.0.-1.1', lines(1_200, 2_500));
    // Those in between have gone before anybody looked.
    expect(await logs.readOn('7.0.-1.1', second.next)).toEqual({ lines: lines(1_500, 2_500), next: 2_500 });
  });
});
