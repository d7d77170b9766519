/** Backfills by workers, as a story on one lake: apply, drift, cancel without ghosts, resume, pause, and a nightly run in between. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeState } from '../../engine/backfill/backfill-store.ts';
import type { Assessment } from '../../engine/partition-state.ts';
import { engineKeys } from '../../engine/redis-keys.ts';
import { openStore } from '../../lake/open-store.ts';
import { type BackfillStack, startBackfillStack } from '../support/backfill-stack.ts';
import { flyerline } from '../support/flyerline.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const DAYS = ['2018-10-01', '2018-10-02', '2018-10-03', '2018-10-04'] as const;
const PREFIX = 'backfill';
const dir = useTempDir();

describeWith(redisInstalled, 'a backfill by workers', () => {
  const server = useRedis();
  let stack: BackfillStack;
  let redis: Redis;

  const statesOf = async () => {
    const { partitions } = await stack.json<{ partitions: Assessment[] }>(
      ...['partitions', '--from', DAYS[0], '--to', DAYS[3]],
    );
    return [...new Set(partitions.map(({ day, state }) => `${day} ${state}`))];
  };
  const allFresh = DAYS.map((day) => `${day} fresh`);
  /** An event more for each day, which makes all of them stale. */
  const lateDrop = (name: string) =>
    stack.putDrop(
      name,
      DAYS.map((day) => `${day}T20:00:00-04:00,${name},flyer_open,6720220,201`),
    );

  beforeAll(async () => {
    redis = server.connect();
    stack = await startBackfillStack({
      ...{ dir: dir.path, redisUrl: server.url, prefix: PREFIX },
      ...{ from: DAYS[0], to: DAYS[3], days: 4, users: 15 },
    });
  });
  afterAll(() => stack?.close());

  it('makes what is missing', async () => {
    await stack.startWork();
    const { id, summary } = await stack.plan();
    expect(summary.runDays).toBe(4);
    await stack.json('backfill', 'apply', id, '--wait', '--max-active', '2');
    expect(await stack.look(id)).toMatchObject({ status: 'done', done: 4, failed: 0 });
    expect(await statesOf()).toEqual(allFresh);
    expect((await stack.plan()).summary.runDays).toBe(0);
  });

  it('is refused when a drop came after it was planned, and says what changed', async () => {
    await lateDrop('first');
    await stack.json('run', 'nightly', '--date', DAYS[0]);
    const { id, summary } = await stack.plan();
    expect(summary.runDays).toBe(3);
    await lateDrop('second');
    await stack.json('run', 'nightly', '--date', DAYS[0]);
    const { exitCode, stdout } = await flyerline(['backfill', 'apply', id, '--json'], { env: stack.env });
    expect(exitCode).toBe(1);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: 'FL_PLAN_DRIFTED' });
    expect(error.reason).toContain(
      '2018-10-02 was clean_events stale-input (1 drop arrived (late/first.csv)',
    );
    expect(error.reason).toContain('is now stale-input (2 drops arrived (late/first.csv, late/second.csv)');
  });

  it('leaves no queued ghosts when it is cancelled, and can be resumed', async () => {
    await stack.stopWork();
    const { id } = await stack.plan();
    await stack.json('backfill', 'apply', id, '--max-active', '2');
    expect(await stack.look(id)).toMatchObject({ status: 'running', done: 0, running: 2, queued: 1 });
    expect(await stack.json('backfill', 'cancel', id)).toMatchObject({
      status: 'cancelled',
      cancelledRuns: 3,
    });

    const keys = engineKeys(PREFIX);
    expect(await redis.zcard(keys.lane(`backfill-${id}`, 'waiting'))).toBe(0);
    expect(await redis.zcard(keys.lane(`backfill-${id}`, 'active'))).toBe(0);
    for (const part of ['ready', 'outbox', 'leases'] as const) {
      expect(await redis.zcard(keys.channel('backfill@default', part))).toBe(0);
    }
    await stack.startWork();
    await sleep(1_000);
    expect(await stack.look(id)).toMatchObject({ status: 'cancelled', done: 0, running: 0, queued: 0 });

    await stack.json('backfill', 'resume', id, '--wait');
    expect(await stack.look(id)).toMatchObject({ status: 'done', done: 3, failed: 0 });
    expect(await statesOf()).toEqual(allFresh);
  });

  it('can be resumed when whoever applied it died before any run was made', async () => {
    await lateDrop('third');
    const { id } = await stack.plan();
    // What a process leaves behind that is killed after its first write.
    const store = await openStore(stack.lakeDir);
    const died = {
      status: 'running',
      executor: 'queues',
      generation: 1,
      aliveUntilMs: Date.now() - 1,
    } as const;
    await changeState(store, id, () => died).finally(() => store.close());
    expect(await stack.look(id)).toMatchObject({ status: 'failed', notHandedOver: 4 });
    await stack.json('backfill', 'resume', id, '--wait');
    expect(await stack.look(id)).toMatchObject({ status: 'done', done: 4 });
  });

  it('begins no further day while it is paused', async () => {
    await stack.stopWork();
    await lateDrop('fourth');
    const { id } = await stack.plan();
    await stack.json('backfill', 'apply', id, '--max-active', '1');
    await stack.json('backfill', 'pause', id);
    await stack.startWork();
    await stack.lookUntil(id, ({ done }) => done === 1);
    await sleep(1_000);
    expect(await stack.look(id)).toMatchObject({ status: 'paused', done: 1, running: 0, queued: 3 });
    await stack.json('backfill', 'resume', id, '--wait');
    expect(await statesOf()).toEqual(allFresh);
  });

  it('and runs of the same days at the same time leave every partition whole; what gave up, the next plan mends', async () => {
    await lateDrop('fifth');
    const { id } = await stack.plan();
    await Promise.all([
      flyerline(['backfill', 'apply', id, '--wait'], { env: stack.env }),
      ...DAYS.slice(1, 3).map((day) =>
        flyerline(['trigger', 'nightly', '--date', day, '--wait', '--json'], {
          env: stack.env,
          cwd: dir.path,
        }),
      ),
    ]);
    expect((await flyerline(['verify'], { env: stack.env })).exitCode).toBe(0);
    // Of two runs of a day, each may have found the other ahead in some table, and given up there.
    expect(await stack.plan('--apply', '--wait')).toMatchObject({ status: 'done' });
    expect(await statesOf()).toEqual(allFresh);
    expect((await flyerline(['verify'], { env: stack.env })).exitCode).toBe(0);
  });
});
