/** Backfills that `gc` collects: those that nobody has touched for long, with all that belongs to them. */
import { expect, it, onTestFinished } from 'vitest';
import type { BackfillPlan } from '../../engine/backfill/backfill-plan.ts';
import {
  changeState,
  listBackfills,
  putBackfill,
  putDayResult,
  readPlan,
} from '../../engine/backfill/backfill-store.ts';
import { deleteOldBackfills, findOldBackfills } from '../../engine/backfill/old-backfills.ts';
import { planBackfill } from '../../engine/backfill/plan-backfill.ts';
import { openStore } from '../../lake/open-store.ts';
import { useTempDir } from '../support/temp-dir.ts';

const dir = useTempDir();
const DAY_MS = 86_400_000;

const plan = (nowMs: number): BackfillPlan =>
  planBackfill({
    ...{ dagId: 'daily', dagVersion: 'v1', taskCount: 1, facts: [], assets: [], reprocess: ['missing'] },
    ...{ params: {}, backwards: false, maxActive: 1, allRead: true, estimateMs: () => undefined },
    ...{ historyRuns: 0, nowMs, nightlyAtMs: undefined },
  });

it('are found as a whole once their last change is long ago, the state last; others stay', async () => {
  const store = await openStore(dir.fresh());
  onTestFinished(() => store.close());
  const nowMs = Date.now();
  const [first, second] = [plan(nowMs - 1_000), plan(nowMs)];
  for (const one of [first, second]) await putBackfill(store, one);
  const result = { day: '2018-10-01', state: 'success', runId: 'r', durationMs: 1, note: null } as const;
  await putDayResult(store, first.id, result);
  const found = async (options: { keptMs: number; nowMs: number }) => {
    const keys: string[] = [];
    for await (const { key } of findOldBackfills(store, options)) keys.push(key);
    return keys;
  };
  expect(await found({ keptMs: 90 * DAY_MS, nowMs: nowMs + 89 * DAY_MS })).toEqual([]);
  expect(await found({ keptMs: 90 * DAY_MS, nowMs: nowMs + 91 * DAY_MS })).toEqual([
    ...['days/2018-10-01.json', 'plan.json', 'state.json'].map((name) => `ctl/backfills/${first.id}/${name}`),
    ...['plan.json', 'state.json'].map((name) => `ctl/backfills/${second.id}/${name}`),
  ]);

  await expect(found({ keptMs: DAY_MS, nowMs })).rejects.toMatchObject({ code: 'FL_CONFIG_INVALID' });

  // A change is a new life: of the plan itself, too, although that was written long before.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { updatedAtMs } = await changeState(store, second.id, () => ({ status: 'cancelled' }));
  const gone: string[] = [];
  await deleteOldBackfills(store, { keptMs: 90 * DAY_MS, nowMs: updatedAtMs - 4 + 90 * DAY_MS }, ({ key }) =>
    gone.push(key),
  );
  expect(gone).toHaveLength(3);
  expect((await listBackfills(store)).map(({ id }) => id)).toEqual([second.id]);
  expect((await readPlan(store, second.id)).id).toBe(second.id);
});
