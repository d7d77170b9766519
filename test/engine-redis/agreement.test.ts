/** The Lua scripts and the pure core, told the same random histories: equal states, equal refusals, the same attempts waiting. */
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { beforeAll, expect, it } from 'vitest';
import { formatAttemptId } from '../../engine/attempt-id.ts';
import { dag } from '../../engine/dag.ts';
import { type DagGraph, indexGraph, toGraph } from '../../engine/graph.ts';
import { collectInputs, resultsIn } from '../../engine/inputs.ts';
import { createRun, type RunEvent, type RunState, transition } from '../../engine/run-state.ts';
import { defineTask } from '../../engine/task.ts';
import { graphs } from '../support/random-graphs.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { type RedisTwin, startTwin } from '../support/redis-twin.ts';
import { describeWith } from '../support/requirement.ts';
import { type Move, moves, playHistory } from '../support/run-histories.ts';
import { storedPart } from '../support/stored-part.ts';
import { each, list, numbers } from './mapped-tasks.ts';

const numRuns = Number(process.env.FLYERLINE_PROPERTY_RUNS ?? 60);
const RUN_ID = 'manual__1';

describeWith(redisInstalled, 'the Lua scripts', () => {
  const server = useRedis();
  let redis: Redis;
  beforeAll(() => {
    redis = server.connect();
  });

  const play = async (graph: DagGraph, played: readonly Move[], hands: number) => {
    await redis.flushall();
    const twin = await startTwin(redis, { prefix: server.uniquePrefix(), graph, runId: RUN_ID, hands });
    let state = createRun(graph, RUN_ID);
    for (const { event } of playHistory(graph, played, { runId: RUN_ID })) {
      // Redis has no state for it: an attempt waits, with BullMQ or without.
      if (event.type !== 'enqueued') state = await both(state, event, twin);
    }
  };
  /** Every task of the DAG counts against one limit, every other one against one of its own. */
  const limited = ({ id, tasks }: DagGraph, max: number) =>
    toGraph(
      id,
      tasks.map((node, place) => {
        const own = place % 2 === 0 ? [] : [{ name: `${id}.${node.id}`, max: 1 }];
        return { ...node, limits: [{ name: id, max }, ...own] };
      }),
    );
  const handCounts = fc.constantFrom(1, 3, 100);

  it('do to every run what the pure core does', { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(graphs(), moves, handCounts, play), { numRuns });
  });

  it('lose, and keep, no attempt for a limit of how many may run', { timeout: 600_000 }, async () => {
    const limits = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(graphs(), moves, handCounts, limits, (graph, played, hands, max) =>
        play(limited(graph, max), played, hands),
      ),
      { numRuns },
    );
  });

  it('agree with it on a mapped task that is cancelled, marked and cleared halfway', {
    timeout: 600_000,
  }, async () => {
    const numbers = fc.record({ pick: fc.nat(9), variant: fc.nat(999), waitMs: fc.nat(9) });
    // Claim, report, cancel, mark, clear; see run-histories.ts.
    const kinds = fc.constantFrom(0, 0, 0, 50, 50, 90, 91, 92, 94, 97);
    const halfway = fc.array(fc.record({ kind: kinds, numbers }), {
      minLength: 3,
      maxLength: 30,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(halfway, handCounts, async (drawn, hands) => {
        const after = drawn.map(({ kind, numbers: { pick, variant, waitMs } }) => {
          // One cancel in four would be one; here each is.
          return { kind, pick, variant: kind === 90 ? 0 : variant, waitMs };
        });
        await play(LIST_MAPPED_JOINED, [...EXPANDED, ...after], hands);
      }),
      { numRuns },
    );
  });
});

const numbersOf = (kind: number, variant: number): Move => ({ kind, pick: 0, variant, waitMs: 1 });
/** Starts the run, claims the list, and ends it with four elements. */
const EXPANDED: readonly Move[] = [numbersOf(0, 0), numbersOf(0, 1), numbersOf(50, 91)];
const LIST_MAPPED_JOINED = dag(
  'mapped',
  { schedule: null, taskDefaults: { retry: { attemptsMax: 2, jitter: 0 } } },
  (task) => {
    const join = defineTask({
      name: 'join',
      reads: { all: numbers },
      triggerRule: 'all_done',
      run: () => {},
    });
    task(join, { all: task(each, { n: task(list, {}) }) });
  },
).graph;

/** Tells both the event, and compares all that can be seen. */
async function both(before: RunState, event: RunEvent, twin: RedisTwin): Promise<RunState> {
  const expected = transition(before, event);
  const { refusal, claimed } = await twin.apply(event);
  const what = JSON.stringify(event);
  // Heartbeats and expiries are handled in batches, whose replies give no reasons.
  if (event.type === 'heartbeat' || event.type === 'expire') {
    expect(refusal !== undefined, what).toBe(expected.refusal !== undefined);
  } else {
    expect(refusal, what).toBe(expected.refusal);
  }
  const { state } = expected;
  expect(await twin.state(), what).toEqual(storedPart(state));
  expect(await twin.waiting(), what).toEqual(new Set(idsIn(state, WAITING).keys()));
  expect(await twin.leases(), what).toEqual(idsIn(state, ['running']));
  if (state.graph.tasks.some(({ limits }) => limits !== undefined)) {
    const { limited, slots } = await twin.held();
    expect(limited, what).toEqual(slots);
  }
  if (event.type === 'claim' && claimed !== undefined) {
    const inputs = await collectInputs(state, event, resultsIn(state));
    expect(JSON.parse(claimed.inputsJson), `inputs of ${what}`).toEqual(inputs);
  }
  return state;
}

const WAITING = ['scheduled', 'queued', 'up_for_retry', 'up_for_reschedule'];

/** Attempt id → end of its lease, of the instances in these states. */
function idsIn({ graph, tasks }: RunState, states: readonly string[]): Map<string, number | undefined> {
  const { rank } = indexGraph(graph);
  const found = new Map<string, number | undefined>();
  for (const [taskId, { instances }] of Object.entries(tasks)) {
    for (const { mapIndex, attempt, state, leaseUntilMs } of instances) {
      if (!states.includes(state)) continue;
      found.set(formatAttemptId({ run: '1', task: rank.get(taskId)!, mapIndex, attempt }), leaseUntilMs);
    }
  }
  return found;
}
