/** Random DAGs: all trigger rules, ordering-only edges, mapped tasks behind mapped tasks, small retry limits. */
import fc from 'fast-check';
import { type DagGraph, type TaskNode, toGraph } from '../../engine/graph.ts';
import { TRIGGER_RULES, type TriggerRule } from '../../engine/states.ts';

export interface GraphOptions {
  /** @default 9 */
  readonly tasksMax?: number;
  /** Drawn with equal odds, all_success more often. @default all */
  readonly rules?: readonly TriggerRule[];
}

export function graphs({ tasksMax = 9, rules = TRIGGER_RULES }: GraphOptions = {}): fc.Arbitrary<DagGraph> {
  const task = fc.record({
    before: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 6, arbitrary: fc.array(fc.nat(999), { minLength: 1, maxLength: 3, size: 'max' }) },
    ),
    rule: fc.oneof(
      { weight: 3, arbitrary: fc.constant('all_success' as const) },
      { weight: 4, arbitrary: fc.constantFrom(...rules) },
    ),
    mapped: fc.boolean(),
    attemptsMax: fc.integer({ min: 1, max: 3 }),
    lossesMax: fc.integer({ min: 0, max: 2 }),
    jitter: fc.constantFrom(0, 0.25),
  });
  return fc
    .array(task, { minLength: 1, maxLength: tasksMax, size: 'max' })
    .map((tasks) => toGraph('random', tasks.map(toNode)));
}

interface DrawnTask {
  readonly before: readonly number[];
  readonly rule: TriggerRule;
  readonly mapped: boolean;
  readonly attemptsMax: number;
  readonly lossesMax: number;
  readonly jitter: number;
}

function toNode({ before, rule, mapped, ...limits }: DrawnTask, position: number): TaskNode {
  const upstream = position === 0 ? [] : [...new Set(before.map((n) => `t${n % position}`))];
  // The last of three is an ordering edge only.
  const inputs = Object.fromEntries(upstream.slice(0, 2).map((id, n) => [`in${n}`, id]));
  return {
    id: `t${position}`,
    upstream,
    inputs,
    ...(mapped && upstream.length > 0 ? { expand: 'in0' } : {}),
    triggerRule: rule,
    retry: { ...limits, backoffMs: 100, backoffFactor: 2, backoffMaxMs: 1000 },
    timeoutMs: 60_000,
    pool: 'default',
    priority: position % 3,
    queue: 'default',
  };
}
