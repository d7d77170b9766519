/** Planning a clear: the plan names what the event then does, no more and no less. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planClear } from '../../engine/plan-clear.ts';
import { transition } from '../../engine/run-state.ts';
import { graphs } from '../support/random-graphs.ts';
import { driveRun, graphOf } from '../support/run-driver.ts';
import { moves, playHistory } from '../support/run-histories.ts';

const graph = graphOf({
  list: {},
  each: { upstream: ['list'], expand: 'list' },
  join: { upstream: ['each'] },
  aside: {},
});

function failedRun() {
  const run = driveRun(graph);
  run.start();
  run.succeed('list', [1, 2, 3]);
  run.succeed('each', 1, 0);
  run.fail('each', 1);
  run.succeed('each', 1, 2);
  run.succeed('aside');
  return run;
}

describe('planClear', () => {
  it('takes everything behind a task along, by default', () => {
    const plan = planClear(failedRun().state, { taskId: 'each' });
    expect(plan.instances).toEqual([
      { taskId: 'each', mapIndex: 0, state: 'success' },
      { taskId: 'each', mapIndex: 1, state: 'failed' },
      { taskId: 'each', mapIndex: 2, state: 'success' },
      { taskId: 'join', mapIndex: -1, state: 'upstream_failed' },
    ]);
  });

  it('takes only what failed, of a mapped task only the failed instances', () => {
    const run = failedRun();
    const plan = planClear(run.state, { taskId: 'list', onlyFailed: true });
    expect(plan.targets).toEqual([{ taskId: 'each', mapIndices: [1] }, { taskId: 'join' }]);
    expect(plan.instances.map(({ taskId, mapIndex }) => `${taskId} ${mapIndex}`)).toEqual([
      'each 1',
      'join -1',
    ]);
    run.send({ type: 'clear', targets: plan.targets, nowMs: 5000 });
    run.succeed('each', 1, 1);
    run.succeed('join');
    expect(run.state.state).toBe('success');
  });

  it('takes what is before a task when asked to, and nothing else', () => {
    const plan = planClear(failedRun().state, { taskId: 'each', upstream: true, downstream: false });
    expect(plan.targets.map(({ taskId }) => taskId)).toEqual(['list', 'each']);
  });

  it('has nothing to do where nothing failed', () => {
    expect(planClear(failedRun().state, { taskId: 'aside', onlyFailed: true })).toEqual({
      targets: [],
      instances: [],
    });
  });

  it('refuses what the run does not have', () => {
    const { state } = failedRun();
    expect(() => planClear(state, { taskId: 'eahc' })).toThrow(
      'Run "manual__test" of DAG "test" does not have task "eahc"; its tasks are "list", "each", "join", "aside".',
    );
    expect(() => planClear(state, { taskId: 'each', mapIndices: [7] })).toThrow(
      'does not have all of these map indices',
    );
  });

  it('says of any run what the event will set back', () => {
    fc.assert(
      fc.property(
        graphs(),
        moves,
        fc.nat(),
        fc.boolean(),
        fc.boolean(),
        (dag, played, pick, upstream, onlyFailed) => {
          for (const { state } of playHistory(dag, played)) {
            const taskId = dag.tasks[pick % dag.tasks.length]!.id;
            const { targets, instances } = planClear(state, { taskId, upstream, onlyFailed });
            if (targets.length === 0) continue;
            const after = transition(state, { type: 'clear', targets, nowMs: 0 }).state;
            const lost = Object.entries(state.tasks).flatMap(([id, task]) =>
              task.instances.flatMap((before, position) => {
                const ended = ['success', 'failed', 'skipped', 'upstream_failed'].includes(before.state);
                return ended && after.tasks[id]!.instances[position] !== before
                  ? [`${id} ${before.mapIndex}`]
                  : [];
              }),
            );
            expect(instances.map((key) => `${key.taskId} ${key.mapIndex}`)).toEqual(
              expect.arrayContaining(lost),
            );
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
