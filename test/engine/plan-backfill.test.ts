/** Plans of backfills: what happens to each partition and why, what it takes, and what counts as drift. */
import { describe, expect, it } from 'vitest';
import { progressOf } from '../../engine/backfill/backfill-progress.ts';
import type { BackfillState } from '../../engine/backfill/backfill-store.ts';
import { durationEstimate } from '../../engine/backfill/estimate-duration.ts';
import { driftOf, type PlanOptions, planBackfill } from '../../engine/backfill/plan-backfill.ts';
import type { ExpectedFacts, PartitionFacts } from '../../engine/partition-state.ts';

const NOW_MS = Date.parse('2018-11-01T09:30:00Z');
const recipe = {
  inputsDigest: 'a',
  inputCount: 2,
  codeVersion: 'c',
  definitionVersion: 'd',
  paramsDigest: 'p',
};
const expected: ExpectedFacts = { ...recipe, rowCount: 100, unread: [], finality: 'final' };
const head = { ...recipe, claim: 1, committedAtMs: 0, runId: 'r1', isShown: true };
const fresh = (day: string, asset = 'x'): PartitionFacts => ({ asset, day, head, isPinned: false, expected });
const stale = (day: string, asset = 'x'): PartitionFacts => ({
  ...fresh(day, asset),
  expected: { ...expected, inputsDigest: 'b' },
});

const options = (facts: readonly PartitionFacts[], more: Partial<PlanOptions> = {}): PlanOptions => ({
  dagId: 'daily',
  dagVersion: 'v1',
  taskCount: 9,
  facts,
  assets: ['x', 'y'],
  reprocess: ['missing', 'failed', 'stale'],
  params: {},
  backwards: false,
  maxActive: 2,
  allRead: true,
  estimateMs: () => 60_000,
  historyRuns: 3,
  nowMs: NOW_MS,
  nightlyAtMs: NOW_MS + 3_600_000,
  ...more,
});

const EACH: readonly PartitionFacts[] = [
  fresh('2018-10-01'),
  stale('2018-10-02'),
  { ...fresh('2018-10-03'), head: undefined },
  { ...fresh('2018-10-04'), head: undefined, run: { runId: 'r2', state: 'failed' } },
  { ...stale('2018-10-05'), run: { runId: 'r3', state: 'running' } },
  { ...stale('2018-10-06'), isPinned: true },
  { ...fresh('2018-10-07'), head: undefined, expected: { ...expected, rowCount: 0 } },
];
const decisions = (more: Partial<PlanOptions> = {}) =>
  planBackfill(options(EACH, more)).days.map(({ day, action, why }) => `${day.slice(8)} ${action} ${why}`);

describe('a plan', () => {
  it('runs what is missing, failed or stale, and says of the rest why not', () => {
    expect(decisions()).toEqual([
      '01 skip fresh',
      '02 run stale-input: its drops are not those of version 1 (1970-01-01 00:00 UTC)',
      '03 run missing: never made; 2 drops hold 100 rows',
      '04 run failed: run r2 failed; nothing was published before',
      '05 skip in flight',
      '06 skip pinned: x',
      '07 skip no drop holds a row of it',
    ]);
  });

  it('keeps to the states it is asked for', () => {
    const runs = (reprocess: PlanOptions['reprocess']) =>
      decisions({ reprocess }).flatMap((line) => (line.slice(3, 6) === 'run' ? [line.slice(0, 2)] : []));
    expect(runs(['missing'])).toEqual(['03']);
    expect(runs(['failed'])).toEqual(['04']);
    expect(runs(['stale', 'failed'])).toEqual(['02', '04']);
    expect(runs(['all'])).toEqual(['01', '02', '03', '04']);
    expect(planBackfill(options(EACH, { reprocess: ['all'] })).days.map(({ force }) => force)).toEqual([
      true,
      ...Array.from({ length: 6 }, () => false),
    ]);
  });

  it('looks only at the assets it is asked for, but lets a pinned one hold back the day', () => {
    const facts = [stale('2018-10-01', 'x'), fresh('2018-10-01', 'y')];
    const plan = planBackfill(options(facts, { assets: ['y'] }));
    expect(plan.days[0]).toMatchObject({ action: 'skip', why: 'not asked for' });
    expect(plan.days[0]?.partitions.map(({ assets, why }) => [assets, why])).toEqual([
      [['x'], 'not asked for'],
      [['y'], 'fresh'],
    ]);
    const pinned = [facts[0]!, { ...facts[1]!, isPinned: true }];
    expect(planBackfill(options(pinned, { assets: ['x'] })).days[0]?.why).toBe('pinned: y');
  });

  it('sums up tasks and time, and says when the nightly run meets it', () => {
    const facts = Array.from({ length: 10 }, (_, index) => stale(`2018-10-${10 + index}`));
    const { summary } = planBackfill(options(facts));
    expect(summary).toMatchObject({ runDays: 10, taskCount: 90, workMs: 600_000, durationMs: 300_000 });
    expect(summary.endsAtMs).toBe(NOW_MS + 300_000);
    expect(planBackfill(options(facts, { estimateMs: () => undefined })).summary.endsAtMs).toBeNull();
  });

  it('may go backwards', () => {
    expect(planBackfill(options(EACH, { backwards: true })).days[0]?.day).toBe('2018-10-07');
  });

  it('estimates by rows, never less than the shortest run took', () => {
    const estimate = durationEstimate([
      { durationMs: 2_000, rowCount: 1_000 },
      { durationMs: 8_000, rowCount: 4_000 },
      { durationMs: 4_000, rowCount: 2_000 },
    ]);
    expect([estimate(10_000), estimate(10), estimate(0)]).toEqual([20_000, 2_000, 4_000]);
    expect(durationEstimate([])(10)).toBeUndefined();
  });
});

describe('drift', () => {
  const plan = planBackfill(options([stale('2018-10-01'), stale('2018-10-02')]));
  const drift = (facts: readonly PartitionFacts[], isResumed = false) =>
    driftOf(plan, plan.days, facts, { isResumed });

  it('is none while all is as it was', () => {
    expect(drift([stale('2018-10-01'), stale('2018-10-02')])).toEqual([]);
  });

  it('says what was and what is', () => {
    const published = {
      ...fresh('2018-10-02'),
      head: { ...head, claim: 2, inputsDigest: 'b' },
      expected: stale('').expected,
    };
    expect(drift([stale('2018-10-01'), published])).toEqual([
      {
        day: '2018-10-02',
        was: 'x stale-input (its drops are not those of version 1 (1970-01-01 00:00 UTC))',
        is: 'fresh (made of the same 2 drops, code and parameters)',
      },
    ]);
  });

  it('is another pin, other code, other inputs, a run in flight, a day that is gone', () => {
    const second = stale('2018-10-02');
    for (const changed of [
      { ...second, isPinned: true },
      { ...second, expected: { ...second.expected, codeVersion: 'c2' } },
      { ...second, expected: { ...second.expected, inputsDigest: 'c' } },
      { ...second, run: { runId: 'other', state: 'queued' } as const },
    ]) {
      expect(drift([stale('2018-10-01'), changed]).map(({ day }) => day)).toEqual(['2018-10-02']);
    }
    expect(drift([stale('2018-10-01')]).map(({ day }) => day)).toEqual(['2018-10-02']);
  });

  it('is not what the backfill has committed itself before it died', () => {
    const own = { ...stale('2018-10-02'), head: { ...head, claim: 2, runId: `backfill__x__${plan.id}` } };
    expect(drift([stale('2018-10-01'), own], true)).toEqual([]);
    // Nor what it is compared with, which the days around it have changed.
    const compared = { ...own, expected: { ...own.expected, inputsDigest: 'c' } };
    expect(drift([stale('2018-10-01'), compared], true)).toEqual([]);
  });

  it('minds inputs that its first run has read only when all were read before', () => {
    const blind = planBackfill(options([stale('2018-10-01')], { allRead: false }));
    const read = [{ ...stale('2018-10-01'), expected: { ...expected, inputsDigest: 'c' } }];
    expect(driftOf(blind, blind.days, read, { isResumed: true })).toEqual([]);
    expect(driftOf(blind, blind.days, read, { isResumed: false })).toHaveLength(1);
    expect(drift([...read, stale('2018-10-02')], true)).toHaveLength(1);
  });
});

describe('progress', () => {
  const days = ['2018-10-01', '2018-10-02', '2018-10-03', '2018-10-04'];
  const plan = planBackfill(options(days.map((day) => stale(day))));
  const state = {
    ...{ id: plan.id, status: 'running', executor: 'queues', maxActive: 2, generation: 1 },
    ...{
      aliveUntilMs: 0,
      appliedAtMs: 0,
      updatedAtMs: 0,
      dagId: 'daily',
      from: '',
      to: '',
      runDays: 4,
      createdAtMs: 0,
    },
  } as const satisfies BackfillState;
  const run = (day: string, phase: 'queued' | 'running' | 'success' | 'failed') => ({
    ...{ day, runId: day, state: phase },
    ...(phase === 'success' ? { startedAtMs: 0, endedAtMs: 10_000 } : {}),
  });
  const runs = (...phases: Parameters<typeof run>[1][]) =>
    new Map(phases.map((phase, index) => [days[index]!, run(days[index]!, phase)]));

  it('counts days and extrapolates from those that are done', () => {
    const progress = progressOf({ plan, state, runs: runs('success', 'running', 'queued'), nowMs: 0 });
    expect(progress).toMatchObject({
      status: 'running',
      total: 4,
      done: 1,
      running: 1,
      queued: 1,
      notHandedOver: 1,
    });
    expect(progress.etaMs).toBe(15_000);
  });

  it('is done or failed when all days have ended, though nobody has written it down', () => {
    expect(
      progressOf({ plan, state, runs: runs('success', 'success', 'success', 'success'), nowMs: 0 }).status,
    ).toBe('done');
    const failed = progressOf({
      plan,
      state,
      runs: runs('success', 'failed', 'success', 'success'),
      nowMs: 0,
    });
    expect(failed).toMatchObject({ status: 'failed', failedDays: ['2018-10-02'], etaMs: null });
  });

  it('has failed when whoever ran it, or handed it over, is silent', () => {
    expect(progressOf({ plan, state, runs: runs('success'), nowMs: 1 }).status).toBe('failed');
    expect(
      progressOf({ plan, state: { ...state, aliveUntilMs: 2 }, runs: runs('success'), nowMs: 1 }).status,
    ).toBe('running');
  });
});
