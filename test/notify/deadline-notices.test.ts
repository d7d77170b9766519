/** Deadlines of runs in Redis: what is told, and why, whatever state the run is in, or when there is none. */
import { expect, it } from 'vitest';
import { asset } from '../../engine/asset.ts';
import { type Dag, type DagOptions, dag } from '../../engine/dag.ts';
import { watchDeadlines } from '../../engine/notify/deadline-notices.ts';
import { explainDeadlines } from '../../engine/notify/explain-deadlines.ts';
import { openLedger } from '../../engine/notify/ledger.ts';
import { toMessage } from '../../engine/notify/to-message.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { taskFactory } from '../../engine/task.ts';
import { storeFixture } from '../engine-redis/store-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

const MINUTE_MS = 60_000;
const DAY = '2018-10-01';
const TODAY = '2018-10-02';
const at = (time: string) => Date.parse(`${TODAY}T${time}:00Z`);

const made = asset<number>()('made');
const defineTask = taskFactory<unknown>();
const prepare = defineTask({ name: 'prepare', makes: made, retry: { attemptsMax: 1 }, run: () => 1 });
const write = defineTask({ name: 'write', reads: { made }, run: () => {} });
const options: DagOptions = {
  schedule: '0 3 * * *',
  dataInterval: 'previous-day',
  deadlines: [{ of: 'write', by: '06:00' }],
};
const report = dag('report', options, (task) => {
  task(write, { made: task(prepare, {}) });
});

describeWith(redisInstalled, 'deadlines of runs in Redis', () => {
  const server = useRedis();

  /** `look` at a time of today, `06:00`, with a history of an hour for `prepare` and half an hour for `write`. */
  async function start({ of = report, history = true } = {}) {
    let nowMs = at('00:00');
    const fixture = storeFixture(server.connect(), server.uniquePrefix(), () => nowMs);
    const { engine, keys, redis } = fixture;
    await fixture.setHands(10);
    if (history) {
      const usual = JSON.stringify({ prepare: 60 * MINUTE_MS, write: 30 * MINUTE_MS });
      await redis.rpush(keys.durations(of.id), usual, usual, usual);
    }
    let memory: Readonly<Record<string, string>> = {};
    const look = async (time: string) => {
      nowMs = at(time);
      const ledger = openLedger(memory);
      const watched = [{ dag: of as Dag, paused: false, intervals: [intervalWithTick(of)] }];
      const notices = await watchDeadlines(engine, ledger, watched, nowMs);
      memory = { ...memory, ...ledger.changes().set };
      return notices.map((notice) => {
        const { subject, what, why, todo } = toMessage(notice, 'test');
        return {
          type: notice.type,
          obstacle: notice.obstacle,
          text: [subject, what, why, ...todo].join('\n'),
        };
      });
    };
    return { ...fixture, look };
  }

  /** As the schedule makes it: due at 03:00. */
  const intervalWithTick = ({ options: { timezone = 'UTC' } }: Dag) => ({
    ...intervalOfDay({ ...options, timezone }, DAY),
    runAfterMs: at('03:00'),
  });

  it('is in danger before its run is due, when that usually takes too long', async () => {
    const late = dag('late', { ...options, deadlines: [{ by: '04:00' }] }, (task) => {
      task(write, { made: task(prepare, {}) });
    });
    const { look } = await start({ of: late });
    const [notice] = await look('00:00');
    expect(notice).toMatchObject({ type: 'deadline-at-risk', obstacle: 'not-due' });
    expect(notice!.text).toContain(`late ${DAY} will miss 04:00 UTC\n`);
    expect(notice!.text).toContain(
      '04:30 UTC, 30 min late, as the last 3 runs went.\nIts run is not due before ',
    );
    expect(notice!.text).toContain(`./flyerline trigger late --date ${DAY}`);
    expect(await look('00:01')).toEqual([]);
    const { look: without } = await start({ of: late, history: false });
    expect(await without('00:00')).toEqual([]);
  });

  it('is told with the way to a run when there is none', async () => {
    const { look } = await start();
    expect(await look('03:10')).toEqual([]);
    const [notice, ...others] = await look('05:00');
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ type: 'deadline-at-risk', obstacle: 'no-run' });
    expect(notice!.text).toContain(`report ${DAY}: write will miss 06:00 UTC\n`);
    expect(notice!.text).toContain(`${DAY} has no run, though it is due since `);
    expect(notice!.text).toContain(`./flyerline trigger report --date ${DAY}`);
    expect(await look('05:30')).toEqual([]);
    expect((await look('06:01')).map(({ type }) => type)).toEqual(['deadline-missed']);
    expect(await look('07:00')).toEqual([]);
  });

  it('is told as soon as something it needs has failed, and how to run it again', async () => {
    const { look, insert, ready, claim, attempts } = await start();
    const { runId } = await insert(report, DAY);
    expect(await look('01:00')).toEqual([]);
    const { attemptId } = await claim(ready.shift()!.id);
    const error = { code: 'FL_DROPS_EMPTY', message: 'No drop holds an event of the day.' };
    await attempts.fail({ attemptId, token: 'mine' }, { error, retryable: false });
    const [notice] = await look('01:01');
    expect(notice).toMatchObject({ type: 'deadline-at-risk', obstacle: 'failed' });
    expect(notice!.text).toContain('Without help it will not be met.');
    expect(notice!.text).toContain('No drop holds an event of the day');
    expect(notice!.text).toContain(`./flyerline runs clear report ${runId} --failed --downstream --yes`);
  });

  it('is told with what the run waits for, when it is slow', async () => {
    const { look, insert } = await start();
    await insert(report, DAY);
    const [notice] = await look('05:00');
    expect(notice).toMatchObject({ type: 'deadline-at-risk', obstacle: 'slow' });
    expect(notice!.text).toContain('06:30 UTC, 30 min late, as the last 3 runs went.');
    expect(notice!.text).toContain('"prepare" ');
    expect(notice!.text).toContain('Still to come: write');
  });

  it('is met by a run of any kind, also when what does not belong to it goes on', async () => {
    const longer = dag('longer', options, (task) => {
      task(write, { made: task(prepare, {}) });
      task(write, { made: task(prepare, {}, { id: 'other' }) }, { id: 'more' });
    });
    const { look, insert, ready, claim, finish, reader } = await start({ of: longer });
    expect(await look('00:00')).toEqual([]);
    const ref = await insert(longer, DAY);
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
      const claimed = await claim(next.id);
      if (claimed.taskId !== 'other') await finish(claimed, { result: 1 });
    }
    expect(await reader.getRun(ref)).toMatchObject({ kind: 'manual', state: 'running' });
    expect(await look('05:59')).toEqual([]);
    expect(await look('23:00')).toEqual([]);
  });

  it('are explained with the run, whatever its state', async () => {
    const { look, insert, engine, ready, claim, finish, attempts } = await start();
    const name = 'Deadline "write by 06:00" (2 Oct 2018, 06:00 UTC)';
    const { runId } = await insert(report, DAY);
    const sentence = async (time: string) => {
      await look(time);
      return (await explainDeadlines(engine, report, runId, at(time))).map((text) =>
        text.replace(name, 'It'),
      );
    };
    expect(await sentence('00:00')).toEqual([
      'It will be met: the end is expected in 1 h 30 min, 4 h 30 min before.',
    ]);
    expect(await sentence('05:00')).toEqual([
      'It is in danger: the end is expected in 1 h 30 min, 30 min late.',
    ]);
    expect(await sentence('06:10')).toEqual([
      'It has been missed for 10 min: the end is expected in 1 h 30 min.',
    ]);
    await finish(await claim(ready.shift()!.id), { result: 1 });
    const { attemptId } = await claim(ready.shift()!.id);
    await attempts.finish({ attemptId, token: 'mine' }, {});
    expect(await sentence('07:00')).toEqual(['It was met 10 min late.']);

    const again = await insert(report, DAY, { runId: 'manual__later' });
    expect(await explainDeadlines(engine, report, again.runId, at('08:00'))).toEqual([]);
    const made = await insert(report, DAY, { runId: 'scheduled__later', kind: 'scheduled' });
    expect(await explainDeadlines(engine, report, made.runId, at('08:00'))).toEqual([
      `${name} had passed 1 h before the run was made.`,
    ]);
  });

  it('that passed before anybody knew of it is none', async () => {
    const fixture = storeFixture(server.connect(), server.uniquePrefix());
    const watched = [{ dag: report as Dag, paused: false, intervals: [intervalWithTick(report)] }];
    expect(await watchDeadlines(fixture.engine, openLedger(), watched, at('08:00'))).toEqual([]);
  });
});
