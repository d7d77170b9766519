/** Late data and backfills by hand, on a generated month, in processes without Redis: each story is told by the commands. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import type { BackfillProgress } from '../../engine/backfill/backfill-progress.ts';
import type { Assessment } from '../../engine/partition-state.ts';
import { flyerline, flyerlineJson } from '../support/flyerline.ts';
import { useTempDir } from '../support/temp-dir.ts';

const FROM = '2018-09-20';
const TO = '2018-10-10';
const DAYS = 21;
const HEADER = 'timestamp,user_id,event,flyer_id,merchant_id';
const dir = useTempDir();

describe('a month of days', () => {
  const drops = join(dir.path, 'data/drops');
  const env = {
    FLYERLINE_LAKE: join(dir.path, 'lake'),
    FLYERLINE_DROPS: drops,
    FLYERLINE_SCRATCH_DIR: join(dir.path, 'scratch'),
  };
  const json = <T>(...args: string[]) => flyerlineJson<T>(args, { env, cwd: dir.path });
  const plan = (...args: string[]) =>
    json<BackfillPlan>('backfill', 'plan', 'nightly', '--from', FROM, '--to', TO, ...args);
  const runDays = ({ days }: BackfillPlan) =>
    days.filter(({ action }) => action === 'run').map(({ day }) => day);
  const look = async (id: string) =>
    (await json<{ progress: BackfillProgress }>('backfill', 'show', id)).progress;
  /** Days that are not fresh, with their state and reason. */
  const notFresh = async () => {
    const { partitions } = await json<{ partitions: Assessment[] }>('partitions', '--from', FROM, '--to', TO);
    return new Map(
      partitions
        .filter(({ state }) => state !== 'fresh')
        .map(({ day, state, reason }) => [day, `${state}: ${reason}`]),
    );
  };
  const drop = async (name: string, ...rows: string[]) => {
    await mkdir(join(drops, 'late'), { recursive: true });
    await writeFile(join(drops, 'late', name), `${[HEADER, ...rows].join('\n')}\n`);
  };
  const event = (at: string, user = 'ada') => `${at}-04:00,${user},flyer_open,6720220,201`;

  beforeAll(async () => {
    await json(
      'generate',
      '--start',
      FROM,
      '--days',
      String(DAYS),
      '--users',
      '6',
      '--out',
      join(dir.path, 'data'),
    );
    const made = await json<{ status: string }>(
      ...[
        'backfill',
        'plan',
        'nightly',
        '--from',
        FROM,
        '--to',
        TO,
        '--apply',
        '--local',
        '--max-active',
        '2',
      ],
    );
    expect(made.status).toBe('done');
  });

  it('is fresh once a backfill has made it, and a second plan has nothing to do', async () => {
    expect(await notFresh()).toEqual(new Map());
    const again = await plan();
    expect(runDays(again)).toEqual([]);
    expect(new Set(again.days.map(({ why }) => why))).toEqual(new Set(['fresh']));
    expect(again.summary.historyRuns).toBeGreaterThan(5);
  });

  it('says which drops made which days stale, neighbours within reach included', async () => {
    // At 01:00, so that the day before looks at it, too: its views may go on until 02:30.
    await drop('early.csv', event('2018-10-03T01:00:00'));
    // At noon, which only its own day and the next look at.
    await drop('noon.csv', event('2018-09-24T12:00:00'));
    const planned = await plan('--reprocess', 'stale');
    expect(runDays(planned)).toEqual(['2018-09-24', '2018-09-25', '2018-10-02', '2018-10-03', '2018-10-04']);
    const stale = await notFresh();
    expect([...stale.keys()]).toEqual(runDays(planned));
    expect(stale.get('2018-10-02')).toMatch(
      /^stale-input: 1 drop arrived \(late\/early\.csv\) after version 1 /,
    );
  });

  it('is mended by a nightly run within its look-back; older days are told, with the one command', async () => {
    const { restated, late } = await json<{
      restated: { day: string; state: string }[];
      late: { late: { day: string }[]; older: { day: string }[]; repair: string };
    }>('run', 'nightly', '--date', TO, '--force', '--restate');
    expect(late.late.map(({ day }) => day)).toEqual(['2018-10-03', '2018-10-04']);
    expect(restated.map(({ day, state }) => `${day} ${state}`)).toEqual([
      '2018-10-03 success',
      '2018-10-04 success',
    ]);
    expect(late.older.map(({ day }) => day)).toEqual(['2018-09-24', '2018-09-25', '2018-10-02']);
    expect(late.repair).toBe(
      './flyerline backfill plan nightly --from 2018-09-24 --to 2018-10-02 --reprocess stale --apply',
    );
    const { exitCode } = await flyerline([...late.repair.split(' ').slice(1), '--local'], { env });
    expect(exitCode).toBe(0);
    expect(await notFresh()).toEqual(new Map());
  });

  it('is stale for other parameters, which a backfill applies to the days it is asked for', async () => {
    const asked = ['--to', '2018-09-21', '--params', 'inactivity_timeout_s=900'];
    const planned = await plan(...asked);
    expect(runDays(planned)).toEqual(['2018-09-20', '2018-09-21']);
    expect(planned.days[0]?.why).toMatch(/parameters differ: inactivity_timeout_s 1800 → 900$/);
    await json('backfill', 'apply', planned.id, '--local');
    expect(runDays(await plan(...asked))).toEqual([]);
    // To whoever asks for the usual parameters, these two days are the odd ones.
    expect([...(await notFresh()).values()].every((why) => why.includes('900 → 1800'))).toBe(true);
    await json('backfill', 'plan', 'nightly', '--from', FROM, '--to', TO, '--apply', '--local');
    expect(await notFresh()).toEqual(new Map());
  });

  it('goes on after days that fail, and is resumed when they are mended', async () => {
    const bad = Array.from({ length: 400 }, (_, index) => `2018-09-28T12:00:00-04:00,,broken,${index},`);
    await drop('bad.csv', ...bad);
    await drop('good.csv', event('2018-09-30T12:00:00', 'eve'));
    const planned = await plan('--backwards');
    expect(runDays(planned)).toEqual(['2018-10-01', '2018-09-30', '2018-09-28']);
    const { exitCode } = await flyerline(['backfill', 'apply', planned.id, '--local'], { env });
    expect(exitCode).toBe(1);
    expect(await look(planned.id)).toMatchObject({ status: 'failed', done: 2, failedDays: ['2018-09-28'] });
    // The old version stays readable; the reason says why there is no newer one.
    expect((await notFresh()).get('2018-09-28')).toMatch(
      /^failed: run \S+ failed: its checks block it: rejected_events\.rejected_share: .*; version 1 .* stays readable, although 1 drop arrived \(late\/bad\.csv\)/,
    );
    const resumed = await flyerline(['backfill', 'resume', planned.id], { env });
    expect(resumed.exitCode).toBe(1);
    expect(await look(planned.id)).toMatchObject({ status: 'failed', done: 2, failed: 1 });
    const allowed = await plan('--params', 'rejected_share_max=1');
    await json('backfill', 'apply', allowed.id, '--local');
    expect(await notFresh()).toEqual(new Map());
  });

  it('leaves pinned days alone, and says so', async () => {
    await drop('later.csv', event('2018-09-22T12:00:00', 'joe'));
    const { exitCode } = await flyerline(
      ['rollback', 'user_day', '2018-09-23', '--to', String(DAYS - 1), '--reason', 'by test'],
      { env },
    );
    expect(exitCode).toBe(0);
    const planned = await plan();
    expect(planned.days.find(({ day }) => day === '2018-09-23')).toMatchObject({
      action: 'skip',
      why: 'pinned: user_day',
    });
  });
});
