/** A short chaos drill with every kind of fault, and the plan that makes it repeatable. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runDrill } from '../../bench/chaos/drill.ts';
import { planFaults } from '../../bench/chaos/plan-faults.ts';
import { randomDags } from '../../bench/chaos/random-dags.ts';
import { TRIGGER_RULES } from '../../engine/states.ts';
import { processesOf } from '../support/processes.ts';
import { redisInstalled } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const SEED = Number(process.env.FLYERLINE_CHAOS_SEED ?? 1);
const DURATION_MS = 10_000;
const SIZE = { workers: 2, schedulers: 2, durationMs: DURATION_MS };

describeWith(redisInstalled, `chaos drill, seed ${SEED}`, () => {
  const temp = useTempDir();

  it('ends every run as undisturbed, publishes every effect once, and leaves nothing behind', {
    timeout: 240_000,
  }, async () => {
    const dir = join(temp.fresh(), 'drill');
    const { violations, history, faults, ...figures } = await runDrill({
      ...SIZE,
      seed: SEED,
      dir,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const played = history.map(({ atMs, fault, note }) => `${atMs} ms ${fault} ${note}`).join('\n');
    expect(violations, `seed ${SEED}\n${played}`).toEqual([]);
    expect(Object.keys(faults).length).toBeGreaterThanOrEqual(12);
    // Faults that found nobody do not count, nor crashes that were only asked for.
    expect(figures.crashes['scheduler run-made']).toBeGreaterThanOrEqual(1);
    expect(figures.runs).toBeGreaterThanOrEqual(10);
    expect(figures.effects).toBeGreaterThan(50);
    expect(await processesOf(dir)).toEqual([]);
  });
});

describe('the plan of a drill', () => {
  const plan = (seed: number) => planFaults(seed, { ...SIZE, leaseMs: 2_000 });

  it('is the same for the same seed, and another for another', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
    const graphs = (seed: number) => randomDags(seed).map(({ graph }) => graph);
    expect(graphs(7)).toEqual(graphs(7));
    expect(graphs(7)).not.toEqual(graphs(8));
  });

  it('holds every kind of fault, even when it is short', () => {
    const kinds = new Set([1, 2, 3].flatMap((seed) => plan(seed).map(({ kind }) => kind)));
    expect(kinds.size).toBe(16);
    expect(plan(SEED).every(({ afterMs }) => afterMs < DURATION_MS)).toBe(true);
  });

  it('goes with DAGs of all trigger rules, and with maps of maps', () => {
    const nodes = [1, 2, 3, 4, 5].flatMap((seed) => randomDags(seed).map(({ graph }) => graph.tasks));
    expect(new Set(nodes.flat().map(({ triggerRule }) => triggerRule))).toEqual(new Set(TRIGGER_RULES));
    const hasMapOfMap = nodes.some((tasks) => {
      const mapped = new Set(tasks.filter(({ expand }) => expand !== undefined).map(({ id }) => id));
      return tasks.some(({ expand, inputs }) => expand !== undefined && mapped.has(inputs[expand]!));
    });
    expect(hasMapOfMap).toBe(true);
  });
});
