/** What goes wrong while days are made again, on one lake: killed commands, failing days, changed code, nights in between. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import { engineKeys } from '../../engine/redis-keys.ts';
import { type BackfillStack, startBackfillStack } from '../support/backfill-stack.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const FROM = '2018-09-01';
const TO = '2018-09-30';
const PREFIX = 'failures';
const dir = useTempDir();

describeWith(redisInstalled, 'a month of days', () => {
  const server = useRedis();
  let stack: BackfillStack;
  let redis: Redis;

  const runDays = ({ days }: BackfillPlan) =>
    days.filter(({ action }) => action === 'run').map(({ day }) => day);
  const verified = async () => (await flyerline(['verify'], { env: stack.env })).exitCode;
  /** In this process's own environment there may be a Redis; a local backfill is to know of none. */
  const localEnv = () => {
    const { FLYERLINE_REDIS_URL: _url, ...env } = stack.env;
    return env;
  };
  const start = (args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess =>
    spawn(process.execPath, [join(PROJECT_ROOT, 'cli/main.ts'), ...args], {
      ...{ cwd: dir.path, stdio: 'ignore', env: { ...process.env, ...env } },
    });
  const kill = async (child: ChildProcess) => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };

  beforeAll(async () => {
    redis = server.connect();
    stack = await startBackfillStack({
      ...{ dir: dir.path, redisUrl: server.url, prefix: PREFIX },
      ...{ from: FROM, to: TO, days: 30, users: 3 },
    });
  });
  afterAll(() => stack?.close());

  it('killed while one process makes it, is shown as failed and goes on where it was', async () => {
    const env = localEnv();
    const json = <T>(...args: string[]) => flyerlineJson<T>(args, { env, cwd: dir.path });
    const { id } = await json<BackfillPlan>('backfill', 'plan', 'nightly', '--from', FROM, '--to', TO);
    const applying = start(['backfill', 'apply', id, '--local'], env);
    const before = await stack.lookUntil(id, ({ done }) => done >= 2);
    await kill(applying);
    expect(before.status).toBe('running');
    // A process that is silent for half a minute is taken for dead; whoever knows it is need not wait.
    await stack.presumeDead(id);
    const dead = await stack.look(id);
    expect(dead).toMatchObject({ status: 'failed', running: 0, queued: 0, failed: 0 });
    expect(await json('backfill', 'resume', id)).toMatchObject({ status: 'done', total: 30 - dead.done });
    expect(await stack.notFresh()).toEqual([]);
    expect(await verified()).toBe(0);
  });

  it('with late drops is stale on exactly the days that they reach', async () => {
    // At noon, which only its own day and the next look at.
    await stack.lateDrop('late', ['2018-09-10', '2018-09-20']);
    const planned = await stack.plan('--reprocess', 'stale');
    expect(runDays(planned)).toEqual(['2018-09-10', '2018-09-11', '2018-09-20', '2018-09-21']);
  });

  it('goes on by itself when whoever waits for it is killed', async () => {
    const { id } = await stack.plan('--max-active', '1');
    const waiting = start(['backfill', 'apply', id, '--wait'], stack.env);
    await stack.lookUntil(id, ({ queued, running }) => queued + running === 4);
    await kill(waiting);
    await stack.startWork();
    const end = await stack.lookUntil(id, ({ status }) => status !== 'running');
    expect(end).toMatchObject({ status: 'done', done: 4 });
    expect(await stack.notFresh()).toEqual([]);
  });

  it('with a day that fails amid the others, keeps what was there, and is done once that day is mended', async () => {
    const bad = Array.from({ length: 400 }, (_, index) => `2018-09-12T12:00:00-04:00,,broken,${index},`);
    await stack.putDrop('bad', bad);
    await stack.lateDrop('good', ['2018-09-11', '2018-09-13']);
    const { id, summary } = await stack.plan();
    expect((await flyerline(['backfill', 'apply', id, '--wait'], { env: stack.env })).exitCode).toBe(1);
    const failed = await stack.look(id);
    expect(failed).toMatchObject({ status: 'failed', done: summary.runDays - 1, failedDays: ['2018-09-12'] });
    expect(await stack.notFresh()).toEqual(['2018-09-12 failed']);
    const { partitions } = await stack.json<{ partitions: { reason: string }[] }>(
      ...['partitions', '--from', '2018-09-12', '--to', '2018-09-12'],
    );
    expect(partitions[0]?.reason).toMatch(/rejected.share: .*this run; version 1 .*stays readable/);
    // The producer sends it again, with the rows that it meant.
    await stack.lateDrop('bad', ['2018-09-12']);
    const again = await stack.plan('--reprocess', 'failed', '--apply', '--wait');
    expect(again).toMatchObject({ status: 'done', failed: 0 });
    await stack.plan('--apply', '--wait');
    expect(await stack.notFresh()).toEqual([]);
  });

  it('meets nights that make the same days at the same time, and each partition is one of theirs as a whole', async () => {
    await stack.lateDrop('night', ['2018-09-27', '2018-09-28', '2018-09-29']);
    const { id } = await stack.plan('--fused', '--max-active', '2');
    await Promise.all([
      flyerline(['backfill', 'apply', id, '--wait'], { env: stack.env }),
      ...['2018-09-28', '2018-09-29'].map((day) =>
        flyerline(['trigger', 'nightly', '--date', day, '--wait', '--json'], {
          env: stack.env,
          cwd: dir.path,
        }),
      ),
    ]);
    expect(await verified()).toBe(0);
    // Where one found the other ahead it gave up; nothing is left to do but that.
    await stack.plan('--apply', '--wait');
    expect(await stack.notFresh()).toEqual([]);
    expect(await verified()).toBe(0);
    await stack.stopWork();
  });

  it('is stale everywhere for other code, which is what a plan says, and what an older plan is refused for', async () => {
    await stack.lateDrop('older', ['2018-09-05']);
    const { id } = await stack.plan();
    const root = await projectWithOtherCode(dir.fresh());
    const run = (...args: string[]) => flyerline(args, { env: stack.env, cwd: dir.path, root });
    const { stdout } = await run('backfill', 'plan', 'nightly', '--from', FROM, '--to', TO, '--json');
    const planned = JSON.parse(stdout) as BackfillPlan;
    expect(runDays(planned)).toHaveLength(30);
    expect(planned.days[20]?.why).toMatch(/^stale-code: since version \d+ .* the code is now /);
    const refused = await run('backfill', 'apply', id, '--json');
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(refused.stdout).error).toMatchObject({ code: 'FL_PLAN_DRIFTED' });
  });

  it('leaves nothing behind in Redis', async () => {
    const keys = engineKeys(PREFIX);
    // Redis has no empty sets: what is there would be a ghost.
    const sets = await redis.keys(`${keys.base}*`);
    const waiting = sets.filter((key) => /:(ready|outbox|leases|waiting|active|parked|held)$/.test(key));
    expect(waiting).toEqual([]);
    expect(await redis.zcard(keys.delayed)).toBe(0);
  });
});

/** The project as it would be after a change of how dwell times are computed. */
async function projectWithOtherCode(root: string): Promise<string> {
  for (const name of ['cli', 'engine', 'infra', 'lake', 'pipelines', 'tasks', 'workers', 'package.json']) {
    await cp(join(PROJECT_ROOT, name), join(root, name), { recursive: true });
  }
  await symlink(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
  await appendFile(join(root, 'tasks/compute-dwell.sql'), '\n-- Another way to do it.\n');
  return root;
}
