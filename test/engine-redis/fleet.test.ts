/** Many hands at work on one run: what workers take by themselves with their reports is what the pure core allows. */
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { beforeAll, expect, it } from 'vitest';
import { parseAttemptId } from '../../engine/attempt-id.ts';
import { attemptStore, type HeldAttempt, type Reported } from '../../engine/attempt-store.ts';
import type { DagGraph } from '../../engine/graph.ts';
import { type ReadyAttempt, redisEngine } from '../../engine/redis-engine.ts';
import { toRunState } from '../../engine/redis-records.ts';
import { createRun, type RunEvent, type RunState, transition } from '../../engine/run-state.ts';
import { runStore } from '../../engine/run-store.ts';
import { graphs } from '../support/random-graphs.ts';
import { reportOf } from '../support/random-reports.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { storedPart } from '../support/stored-part.ts';

const numRuns = Number(process.env.FLYERLINE_PROPERTY_RUNS ?? 60);
const LEASE_MS = 10_000;
const WORKER = { worker: 'w1', leaseMs: LEASE_MS };

describeWith(redisInstalled, 'a fleet of workers', () => {
  const server = useRedis();
  let redis: Redis;
  beforeAll(() => {
    redis = server.connect();
  });

  it('brings every run to the end that the pure core gives it', { timeout: 600_000 }, async () => {
    const dice = fc.array(fc.nat(9_999), { minLength: 40, maxLength: 200, size: 'max' });
    await fc.assert(
      fc.asyncProperty(graphs(), dice, fc.integer({ min: 1, max: 4 }), async (graph, rolls, hands) => {
        await redis.flushall();
        await new Fleet(redis, server.uniquePrefix(), graph, rolls, hands).work();
      }),
      { numRuns },
    );
  });
});

class Fleet {
  readonly #graph: DagGraph;
  readonly #rolls: readonly number[];
  readonly #hands: number;
  readonly #redis: Redis;
  readonly #engine;
  /** With BullMQ, so to say. */
  readonly #jobs: ReadyAttempt[] = [];
  readonly #running = new Map<string, HeldAttempt>();
  #core: RunState;
  #nowMs = 1_000_000;
  #step = 0;

  constructor(redis: Redis, prefix: string, graph: DagGraph, rolls: readonly number[], hands: number) {
    this.#redis = redis;
    this.#graph = graph;
    this.#rolls = rolls;
    this.#hands = hands;
    this.#core = createRun(graph, 'manual__1');
    const onReady = (ready: readonly ReadyAttempt[]) => this.#jobs.push(...ready);
    this.#engine = redisEngine({ redis, prefix, onReady, clock: () => this.#nowMs });
  }

  async work(): Promise<void> {
    const { keys } = this.#engine;
    await this.#redis.set(keys.hands('default'), this.#hands);
    await runStore(this.#engine).insertRun({
      graph: this.#graph,
      runId: 'manual__1',
      kind: 'manual',
      interval: { startMs: 0, startIso: 'start', endIso: 'end', day: '1970-01-01' },
    });
    this.#tell({ type: 'start', nowMs: this.#nowMs });
    while (this.#core.state === 'running') {
      this.#step += 1;
      expect(this.#step, 'steps until the run has ended').toBeLessThan(5_000);
      expect(this.#running.size, 'attempts that run').toBeLessThanOrEqual(this.#hands);
      const roll = this.#rolls[this.#step % this.#rolls.length]!;
      const job = roll % 3 > 0 || this.#running.size === 0 ? this.#jobs.shift() : undefined;
      if (job !== undefined) await this.#claim(job.id);
      else if (this.#running.size > 0) await this.#report(roll);
      else await this.#waitForRetry();
    }
    const stored = toRunState(await this.#redis.hgetall(keys.run('1')), this.#graph);
    expect(stored).toEqual(storedPart(this.#core));
    expect(this.#jobs, 'jobs left behind').toEqual([]);
  }

  async #claim(attemptId: string): Promise<void> {
    const token = `k${this.#step}`;
    const claimed = await attemptStore(this.#engine).claim(attemptId, { token, ...WORKER });
    expect(claimed.refusal).toBeUndefined();
    this.#begun({ attemptId, token, splitsResult: claimed.refusal === undefined && claimed.splitsResult });
  }

  /** One of the running attempts ends; its worker takes the next one with the same call. */
  async #report(roll: number): Promise<void> {
    const held = [...this.#running.values()][roll % this.#running.size]!;
    const event = reportOf(this.#graph, ...this.#instanceOf(held), roll % 1_000, this.#nowMs);
    if (event.type === 'heartbeat') return;
    this.#running.delete(held.attemptId);
    const token = `n${this.#step}`;
    const dispatchedBefore = this.#jobs.length;
    const { refusal, next } = await this.#send(held, event, { queues: ['default'], token, ...WORKER });
    expect(refusal).toBeUndefined();
    this.#tell(event);
    if (next !== undefined) {
      expect(dispatchedBefore, 'attempts that are overtaken').toBe(0);
      this.#begun({ attemptId: next.attemptId, token, splitsResult: next.splitsResult });
    }
  }

  #send(
    held: HeldAttempt,
    event: RunEvent,
    next: Parameters<ReturnType<typeof attemptStore>['skip']>[2],
  ): Promise<Reported> {
    const random = 'random' in event ? event.random : 0;
    const store = attemptStore(this.#engine, () => random);
    if (event.type === 'finish') return store.finish(held, event, next);
    if (event.type === 'fail') return store.fail(held, event, next);
    if (event.type === 'skip') return store.skip(held, event.note, next);
    if (event.type === 'reschedule') return store.reschedule(held, event, next);
    throw new Error(`an attempt does not report "${event.type}"`);
  }

  async #waitForRetry(): Promise<void> {
    this.#nowMs += 1_000;
    await this.#engine.transition('take-outbox', [100]);
  }

  #begun(held: HeldAttempt): void {
    this.#running.set(held.attemptId, held);
    const { task, mapIndex, attempt } = parseAttemptId(held.attemptId)!;
    const taskId = this.#graph.tasks[task]!.id;
    const { token } = held;
    this.#tell({ type: 'claim', taskId, mapIndex, attempt, token, ...WORKER, nowMs: this.#nowMs });
  }

  #instanceOf({ attemptId }: HeldAttempt) {
    const { task, mapIndex } = parseAttemptId(attemptId)!;
    const taskId = this.#graph.tasks[task]!.id;
    return [taskId, this.#core.tasks[taskId]!.instances[Math.max(0, mapIndex)]!] as const;
  }

  #tell(event: RunEvent): void {
    const { state, refusal } = transition(this.#core, event);
    expect(refusal, JSON.stringify(event)).toBeUndefined();
    this.#core = state;
  }
}
