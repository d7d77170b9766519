/** A backfill of 500 runs and nightly runs, with real workers: counted in attempts that started, not in seconds. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { dags } from '../support/engine-dags.ts';
import { type EngineFixture, engineFixture } from '../support/engine-fixture.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';

const WORKERS = 2;
const CONCURRENCY = 2;
const HANDS = WORKERS * CONCURRENCY;
const BACKFILL_RUNS = 500;

describeWith(redisInstalled, 'fairness among real workers', () => {
  const server = useRedis();

  /** Workers at work on the backfill, and the order in which attempts start: `backfill wide-3`, `scheduled a`, … */
  const startBackfill = async () => {
    const engine = await engineFixture(server.url, server.uniquePrefix(), { workerConcurrency: CONCURRENCY });
    const journal = join(engine.dir, 'starts');
    const insert = (dagId: string, kind: 'backfill' | 'scheduled', at: number) =>
      insertRun(engine, { dagId, kind, at, journal });
    await Promise.all(Array.from({ length: BACKFILL_RUNS }, (_, at) => insert('wide', 'backfill', at)));
    const starts = async () => {
      const text = await readFile(journal, 'utf8').catch(() => '');
      return text.split('\n').flatMap((line) => /^start (\S+)#/.exec(line)?.[1] ?? []);
    };
    await Promise.all([engine.startScheduler(), ...Array.from({ length: WORKERS }, engine.startWorker)]);
    await engine.until('the backfill is at work', async () => (await starts()).length > 2 * HANDS);
    return { ...engine, insert, starts };
  };
  const isBackfill = (taskId: string) => taskId.startsWith('wide');

  it('does not starve a nightly run', async () => {
    const { insert, starts, ended } = await startBackfill();
    const before = (await starts()).length;
    const run = await ended(await insert('diamond', 'scheduled', 0));
    expect(run.state).toBe('success');
    const since = (await starts()).slice(before);
    const own = since.flatMap((taskId, at) => (isBackfill(taskId) ? [] : [at]));
    expect(own).toHaveLength(4);
    // Of 4,000 attempts that wait, few go before the nightly run's own: three hops, each behind what is on its way to a hand, what
    // the other hands take while it is at work, and the turn of the backfill. What the journal tells late has leeway.
    expect(own.at(-1)! + 1 - own.length).toBeLessThanOrEqual(3 * 3 * HANDS);
  });

  it('goes on with the backfill while nightly runs keep coming', async () => {
    const { insert, starts, ended } = await startBackfill();
    const before = (await starts()).length;
    const nights = 12;
    const refs = await Promise.all(
      Array.from({ length: nights }, (_, at) => insert('urgent', 'scheduled', at)),
    );
    for (const ref of refs) await ended(ref);
    const since = (await starts()).slice(before);
    const last = since.findLastIndex((taskId) => !isBackfill(taskId));
    const contended = since.slice(0, last + 1);
    expect(contended.filter((taskId) => !isBackfill(taskId))).toHaveLength(nights * 8);
    // Every fourth turn, whatever the priority of the others.
    const share = contended.filter(isBackfill).length / contended.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.5);
  });
});

async function insertRun(
  { runs }: EngineFixture,
  about: { dagId: string; kind: 'backfill' | 'scheduled'; at: number; journal: string },
) {
  const { dagId, kind, at, journal } = about;
  const dag = dags.find(({ id }) => id === dagId)!;
  const ref = { dagId, runId: `${kind}__${at}` };
  const interval = intervalOfDay(dag.options, '2018-10-01');
  await runs.insertRun(newRun(dag, { kind, interval, runId: ref.runId, params: { journal } }));
  return ref;
}
