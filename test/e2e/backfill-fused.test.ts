/** Fused backfills, as a story on one lake: many days in one run, each in one attempt, and still day by day for whoever looks. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { engineKeys } from '../../engine/redis-keys.ts';
import { type BackfillStack, startBackfillStack } from '../support/backfill-stack.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const FROM = '2018-10-01';
const TO = '2018-10-03';
const PREFIX = 'fused';
const dir = useTempDir();

describeWith(redisInstalled, 'a fused backfill', () => {
  const server = useRedis();
  let stack: BackfillStack;
  let redis: Redis;

  beforeAll(async () => {
    redis = server.connect();
    stack = await startBackfillStack({
      ...{ dir: dir.path, redisUrl: server.url, prefix: PREFIX },
      ...{ from: FROM, to: TO, days: 3, users: 8 },
    });
  });
  afterAll(() => stack?.close());

  const running = { status: 'running', total: 3, done: 0 };
  const ghosts = async (id: string) => {
    const keys = engineKeys(PREFIX);
    const sets = [
      ...(['waiting', 'active'] as const).map((part) => keys.lane(`backfill-${id}`, part)),
      ...(['ready', 'outbox', 'leases'] as const).map((part) => keys.channel('backfill@default', part)),
      keys.limit(`backfill-${id}`, 'parked'),
      keys.delayed,
    ];
    const counts = await Promise.all(sets.map((key) => redis.zcard(key)));
    return [...counts, await redis.scard(keys.limit(`backfill-${id}`, 'held'))];
  };

  it('knows its days as running before any worker has come, and takes all back when it is cancelled', async () => {
    const { id, fused } = await stack.plan('--fused', '--max-active', '1');
    expect(fused).toBe(true);
    expect(await stack.json('backfill', 'apply', id)).toMatchObject({ handedOver: 1, days: 3 });
    expect(await stack.look(id)).toMatchObject({ ...running, queued: 3 });
    expect((await stack.notFresh()).map((line) => line.split(' ')[1])).toEqual(Array(3).fill('running'));
    const { days } = await stack.plan();
    expect(new Set(days.map(({ why }) => why))).toEqual(new Set(['in flight']));

    await stack.json('backfill', 'cancel', id);
    expect(await ghosts(id)).toEqual(Array(8).fill(0));
    expect(await stack.look(id)).toMatchObject({ status: 'cancelled', done: 0, queued: 0, notHandedOver: 3 });
  });

  it('makes the same bytes as a run a day', async () => {
    await stack.startWork();
    const { id } = await stack.plan('--fused', '--apply', '--wait').then(async () => {
      const { backfills } = await stack.json<{ backfills: { id: string }[] }>('backfill', 'list');
      return backfills[0]!;
    });
    expect(await stack.look(id)).toMatchObject({ status: 'done', done: 3, failed: 0 });
    expect(await stack.notFresh()).toEqual([]);

    const other = join(dir.path, 'day-by-day');
    const { FLYERLINE_REDIS_URL: _url, ...env } = stack.env;
    await flyerlineJson(['backfill', 'plan', 'nightly', '--from', FROM, '--to', TO, '--apply', '--local'], {
      env: { ...env, FLYERLINE_LAKE: other },
      cwd: dir.path,
    });
    const [fused, single] = await Promise.all([bytesOf(stack.lakeDir), bytesOf(other)]);
    expect(fused.size).toBeGreaterThan(3 * 9);
    expect(fused).toEqual(single);
  });

  it('begins no day while it is paused, and goes on when it is resumed', async () => {
    await stack.stopWork();
    await stack.lateDrop('first', ['2018-10-01', '2018-10-03']);
    const { id, summary } = await stack.plan('--fused', '--max-active', '1');
    expect(summary.runDays).toBe(3);
    await stack.json('backfill', 'apply', id);
    await stack.json('backfill', 'pause', id);
    await stack.startWork();
    // Its days have come as far as they may: they are parked, where they are in nobody's way.
    const parked = engineKeys(PREFIX).limit(`backfill-${id}`, 'parked');
    for (let left = 100; (await redis.zcard(parked)) === 0 && left > 0; left -= 1) await sleep(100);
    expect(await stack.look(id)).toMatchObject({ status: 'paused', done: 0, running: 0, queued: 3 });
    await stack.json('backfill', 'resume', id, '--wait', '--max-active', '2');
    expect(await stack.look(id)).toMatchObject({ status: 'done', done: 3 });
    expect(await stack.notFresh()).toEqual([]);
  });

  it('survives its worker, goes on after a day that fails, and is resumed with the days that are left', async () => {
    const bad = Array.from({ length: 400 }, (_, index) => `2018-10-02T12:00:00-04:00,,broken,${index},`);
    await stack.putDrop('bad', bad);
    await stack.lateDrop('second', ['2018-10-01']);
    const { id, summary } = await stack.plan('--fused');
    await stack.json('backfill', 'apply', id);
    await stack.lookUntil(id, (progress) => progress.running > 0);
    await stack.stopWork();
    await stack.startWork();
    const failed = await stack.lookUntil(id, ({ status }) => status !== 'running');
    expect(failed).toMatchObject({ status: 'failed', done: summary.runDays - 1, failedDays: ['2018-10-02'] });
    const { partitions } = await stack.json<{ partitions: { state: string; reason: string }[] }>(
      ...['partitions', '--from', '2018-10-02', '--to', '2018-10-02'],
    );
    expect(partitions[0]).toMatchObject({ state: 'failed' });
    expect(partitions[0]?.reason).toMatch(/Day 2018-10-02 failed in check-day: .*stays readable/);

    // Trying again cannot help; what it is told otherwise does.
    expect((await flyerline(['backfill', 'resume', id, '--wait'], { env: stack.env })).exitCode).toBe(1);
    expect(await stack.look(id)).toMatchObject({ status: 'failed', done: summary.runDays - 1, failed: 1 });
    const mended = ['--fused', '--params', 'rejected_share_max=1', '--apply', '--wait'];
    expect(await stack.plan(...mended)).toMatchObject({ status: 'done', total: 1 });
    expect(await stack.notFresh()).toEqual([]);
    expect((await flyerline(['verify'], { env: stack.env })).exitCode).toBe(0);
  });
});

/** What readers see: every export, by name. */
async function bytesOf(lakeDir: string): Promise<ReadonlyMap<string, string>> {
  const root = join(lakeDir, 'current');
  const names = (await readdir(root, { recursive: true })).filter((name) => /\.(parquet|csv)$/.test(name));
  const hashes = await Promise.all(
    names.map(async (name) => {
      const body = await readFile(join(root, name));
      return [name, createHash('sha256').update(body).digest('hex')] as const;
    }),
  );
  return new Map(hashes.sort(([a], [b]) => (a < b ? -1 : 1)));
}
