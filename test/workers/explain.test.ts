/** `explain task` and `explain run` over the real engine: what a user reads in each state. */
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { dagStore } from '../../engine/dag-store.ts';
import type { RunRef } from '../../engine/run-store.ts';
import { engineFixture } from '../support/engine-fixture.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

describeWith(redisInstalled, 'explain', () => {
  const server = useRedis();
  const fixture = async () => {
    const prefix = server.uniquePrefix();
    const made = await engineFixture(server.url, prefix);
    const env = { FLYERLINE_REDIS_URL: server.url, FLYERLINE_REDIS_PREFIX: prefix };
    const why = async ({ dagId, runId }: RunRef, taskId?: string, ...more: string[]) => {
      const about = taskId === undefined ? ['run', dagId, runId] : ['task', dagId, runId, taskId];
      const { stdout, stderr } = await flyerline(['explain', ...about, ...more], { env });
      return stdout + stderr;
    };
    const stateOf = (ref: RunRef, state: string) =>
      made.until(`a task is ${state}`, async () =>
        (await made.reader.getRun(ref)).tasks.some((task) => task.state === state),
      );
    return { ...made, env, why, stateOf };
  };

  it('says what is in the way of a task that is ready: no worker, no slot, busy workers', async () => {
    const { why, trigger, runs, startWorker, until, reader } = await fixture();
    const first = await trigger('diamond');
    expect(await why(first, 'a')).toBe(
      '"a" is queued as attempt 1 for a worker of queue "default", of which there is none now.\n',
    );
    expect(await why(first, 'd')).toBe('"d" waits for "b" (waiting), "c" (waiting).\n');
    await runs.setPool('default', 1);
    expect(await why(await trigger('single'), 'step')).toBe(
      '"step" is ready and waits for a slot of pool "default", whose 1 slot is taken.\n',
    );
    await runs.setPool('default', undefined);
    const slow = await Promise.all([trigger('patient'), trigger('patient')]);
    await startWorker();
    await until('both hands are busy', async () => {
      const states = await Promise.all(slow.map(async (ref) => (await reader.getRun(ref)).tasks[0]!.state));
      return states.every((state) => state === 'running');
    });
    const waiting = await trigger('single');
    expect(await why(waiting, 'step')).toMatch(
      /^"step" is ready and waits for a free worker of queue "default", which has 2 of 2 busy(, with \d+ attempts? before it)?\.\n$/,
    );
    expect(await why(slow[0]!, 'patient')).toMatch(
      /^"patient" runs as attempt 1 for \d+ m?s on worker "[^"]+"\.\n$/,
    );
  });

  it('says why tasks failed, did not run, were skipped, and what a run made of it', async () => {
    const { why, trigger, startWorker, ended, env } = await fixture();
    await startWorker();
    const ref = await trigger('rules');
    await ended(ref);
    expect(await why(ref)).toMatch(/^Run manual__1 failed after \d+ m?s, because "hopeless" failed\.\n/);
    const lines = (await why(ref)).split('\n').slice(1, -1);
    expect(lines.map((line) => line.trim())).toEqual([
      '"hopeless" failed at attempt 1 and is not tried again, because that could not help (never).',
      '"never" did not run, because "hopeless" failed (never).',
      '"idle" skipped itself (nothing to do).',
      '"also-skipped" was skipped, because "idle" was.',
    ]);
    const { dagId, runId } = ref;
    expect(await flyerlineJson(['explain', 'task', dagId, runId, 'never'], { env })).toEqual({
      dagId,
      runId,
      taskId: 'never',
      sentence: '"never" did not run, because "hopeless" failed (never).',
    });
    expect(await why(ref, 'nobody')).toBe('DAG "rules" has no task "nobody".\n');
    expect(await why({ dagId, runId: 'nothing' }, 'never')).toMatch(/FL_RUN_UNKNOWN/);
  });

  it('says why a task is tried again, and what a sensor waits for', async () => {
    const { why, trigger, startWorker, startScheduler, flag, ended, stateOf } = await fixture();
    await startWorker();
    const [flaky, sensor] = [await trigger('flaky'), await trigger('sensor')];
    // No scheduler yet: neither the retry nor the next poke is looked at.
    await stateOf(flaky, 'up_for_retry');
    await stateOf(sensor, 'up_for_reschedule');
    expect(await why(flaky, 'flaky')).toMatch(
      /^"flaky" failed at attempt 1 \(not on attempt 1\) and is tried again (in \d+ ms|as soon as a worker is free) as attempt 2, with 2 tries left\.\n$/,
    );
    expect(await why(sensor, 'sensor')).toMatch(/^"sensor" waits \(no flag yet\) and looks again/);
    await writeFile(flag(sensor), '');
    await startScheduler();
    await ended(flaky);
    await ended(sensor);
    expect(await why(flaky, 'flaky')).toMatch(/^"flaky" succeeded at attempt 3 after/);
  });

  it('says why a run waits: paused, its turn, the run before it; and why it was cancelled', async () => {
    const { why, startScheduler, reader, until, engine, runs, trigger } = await fixture();
    await startScheduler({ clock: () => Date.parse('2018-11-01T12:00:00Z') });
    const of = (dagId: string) =>
      until(`three runs of ${dagId}`, async () => {
        const found = await reader.listRuns({ dagId });
        return found.length === 3 && found;
      });
    const [third] = await of('daily');
    expect(await why(third!)).toBe(
      `Run ${third!.runId} waits for its turn: 2 of at most 2 runs of "daily" are active.\n`,
    );
    const [, second, first] = await of('in-order');
    expect(await why(second!)).toBe(
      `Run ${second!.runId} waits until the run before it, ${first!.runId}, has ended well; that one is running.\n`,
    );
    await dagStore(engine).pause('daily', true);
    expect(await why(third!)).toBe(`Run ${third!.runId} waits, because "daily" is paused.\n`);
    const ref = await trigger('single');
    await runs.cancelRun(ref, 'Not today.');
    expect(await why(ref)).toMatch(/^Run manual__1 was cancelled after \d+ m?s \(Not today\)\.\n/);
    expect(await why(ref, 'step')).toBe('"step" was skipped, because the run was cancelled (Not today).\n');
  });

  it('names the limit that a task waits for', async () => {
    const { why, trigger } = await fixture();
    const [first, second] = [await trigger('scarce'), await trigger('scarce')];
    expect(await why(first, 'step')).toMatch(/^"step" is queued as attempt 1/);
    expect(await why(second, 'step')).toBe(
      '"step" is ready and waits, because 1 of task "step" may run at a time, and does.\n',
    );
  });

  it('explains one instance of a mapped task, or all of them together', async () => {
    const { why, trigger, startWorker, ended } = await fixture();
    const ref = await trigger('mapped', { params: { count: 3 } });
    expect(await why(ref, 'double')).toBe('"double" waits for "list" (scheduled).\n');
    await startWorker();
    await ended(ref);
    expect(await why(ref, 'double')).toBe(
      '"double" succeeded in all of its 3 instances that had something to do.\n',
    );
    expect(await why(ref, 'double', '--map-index', '1')).toMatch(
      /^"double" \[1\] succeeded at attempt 1 after/,
    );
  });
});
