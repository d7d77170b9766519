/** `bench partitions`, with few days: what is measured is what a lake of such days is, and not an empty one. */
import { expect, it } from 'vitest';
import { makeManyDays } from '../../bench/partitions/many-days.ts';
import { measurePartitions } from '../../bench/partitions/run-partitions.ts';
import { metricParamsSchema } from '../../tasks/metric-params.ts';
import { readPartitions } from '../../tasks/partitions/read-partitions.ts';
import { CLEAN_EVENTS, USER_DAY } from '../../tasks/tables.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();

it('makes a lake whose days are known from digests and drops, a tenth of them stale', async () => {
  const { lake, drops, from, to } = await makeManyDays(dir.fresh(), [CLEAN_EVENTS, USER_DAY], {
    days: 40,
    dropsPerDay: 2,
  });
  const params = metricParamsSchema.parse({});
  const assets = [USER_DAY.name];
  const read = await readPartitions(
    { lake, drops },
    { from, to, assets, params, nowMs: Date.now(), explainedMax: 0 },
  );
  const states = Map.groupBy(read!.assessments, ({ state }) => state);
  expect([...states].map(([state, all]) => [state, all.length]).sort()).toEqual([
    ['fresh', 36],
    ['stale-input', 4],
  ]);
  await Promise.all([lake.close(), drops.close()]);
});

it('measures one table, six tables, the plan, and both together', async () => {
  const results = await measurePartitions(dir.fresh(), { days: 20, dropsPerDay: 1 });
  expect(results.map(({ partitions }) => partitions)).toEqual([20, 120, 120, 120]);
});
