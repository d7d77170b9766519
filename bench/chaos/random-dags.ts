/** Random DAGs for the drill, made from the seed alone: all trigger rules, maps, maps of maps, edges that only order. */
import { type AnyTask, type Dag, dag, type TaskRef, type WireOptions } from '../../engine/dag.ts';
import { TRIGGER_RULES } from '../../engine/states.ts';
import { type DrillServices, drillTask, type items } from './drill-task.ts';
import { type Chance, chanceOf } from './seeded.ts';

export const DAG_COUNT = 6;
const TASKS_MIN = 4;
const TASKS_MAX = 10;

/** The last one has a schedule of its own, of days long past: schedulers catch up with it. */
export function randomDags(seed: number): readonly Dag<DrillServices>[] {
  const byHand = Array.from({ length: DAG_COUNT }, (_, n) =>
    randomDag(`chaos-${n}`, chanceOf(seed, `dag-${n}`), { schedule: null, activeRunsMax: 4 }),
  );
  const daily = randomDag('chaos-daily', chanceOf(seed, 'dag-daily'), {
    schedule: '@daily',
    startDate: '2018-10-01',
    endDate: '2018-10-06',
    catchup: true,
    activeRunsMax: 2,
  });
  return [...byHand, daily];
}

function randomDag(id: string, chance: Chance, options: Parameters<typeof dag>[1]): Dag<DrillServices> {
  const plans = Array.from({ length: chance.whole(TASKS_MIN, TASKS_MAX) }, (_, at) => planTask(chance, at));
  const behind = plans.map((_, at) =>
    plans.flatMap(({ before }, other) => (before.includes(at) ? [`t${other}`] : [])),
  );
  return dag<DrillServices>(id, options, (wire) => {
    const refs: TaskRef<typeof items>[] = [];
    for (const [at, { before, rule, mapped }] of plans.entries()) {
      // The first two are read, the third only orders.
      const reads = (['in0', 'in1'] as const).slice(0, before.length);
      const task = drillTask({
        reads,
        mapped: mapped && before.length > 0,
        triggerRule: rule,
        behind: behind[at]!,
      });
      const inputs = Object.fromEntries(reads.map((name, n) => [name, refs[before[n]!]!]));
      refs.push(
        (wire as LooseWire)(task, inputs, { id: `t${at}`, after: before.slice(2).map((n) => refs[n]!) }),
      );
    }
  });
}

/** Which inputs there are is drawn, so types cannot know; wiring checks all the same. */
type LooseWire = (
  task: AnyTask<DrillServices>,
  inputs: Readonly<Record<string, TaskRef>>,
  options: WireOptions,
) => TaskRef<typeof items>;

function planTask(chance: Chance, at: number) {
  const count = at === 0 || chance.next() < 0.1 ? 0 : chance.whole(1, 3);
  const before = [...new Set(Array.from({ length: count }, () => chance.whole(0, at - 1)))];
  const rule = chance.next() < 0.5 ? ('all_success' as const) : chance.pick(TRIGGER_RULES);
  return { before, rule, mapped: chance.next() < 0.4 };
}
