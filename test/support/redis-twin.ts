/** A run in Redis that is told the same events as the pure core, and asked what it has become. */
import type { Redis } from 'ioredis';
import { formatAttemptId } from '../../engine/attempt-id.ts';
import { attemptStore, type ClaimedAttempt } from '../../engine/attempt-store.ts';
import { type DagGraph, indexGraph } from '../../engine/graph.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { toRunState } from '../../engine/redis-records.ts';
import type { ScriptRefusal } from '../../engine/redis-refusals.ts';
import type { AttemptKey, RunEvent } from '../../engine/run-events.ts';
import type { RunState } from '../../engine/run-model.ts';
import { runStore } from '../../engine/run-store.ts';

export interface RedisTwin {
  apply(event: RunEvent): Promise<{
    readonly refusal?: ScriptRefusal | undefined;
    readonly claimed?: ClaimedAttempt;
  }>;
  state(): Promise<RunState>;
  /** Ids of the attempts that wait: for a slot, for a worker, or for their time. */
  waiting(): Promise<ReadonlySet<string>>;
  /** Ids of the attempts that count against the limits of their tasks, and of those that run or are about to. */
  held(): Promise<{ readonly limited: ReadonlySet<string>; readonly slots: ReadonlySet<string> }>;
  /** Attempt id → end of its lease. */
  leases(): Promise<ReadonlyMap<string, number>>;
}

const LANE = 'lane';
const CHANNEL = 'default@default';

/** `hands`: as if workers could run so many at a time; what is beyond is not handed out before it is asked for. */
export async function startTwin(
  redis: Redis,
  options: {
    readonly prefix: string;
    readonly graph: DagGraph;
    readonly runId: string;
    readonly hands: number;
  },
): Promise<RedisTwin> {
  const { prefix, graph, runId, hands } = options;
  let nowMs = 1_000_000;
  let random = 0;
  const engine = redisEngine({ redis, prefix, clock: () => nowMs });
  const { keys } = engine;
  const attempts = attemptStore(engine, () => random);
  const runs = runStore(engine);
  const setHands = (hands: number) => redis.set(keys.hands('default'), hands);
  const ref = { dagId: graph.id, runId };
  await setHands(hands);
  const { seq } = await runs.insertRun({
    graph,
    runId,
    kind: 'manual',
    interval: { startMs: 0, startIso: 'start', endIso: 'end', day: '1970-01-01' },
    lane: { name: LANE, activeRunsMax: 0 },
  });
  const idOf = ({ taskId, mapIndex, attempt }: AttemptKey) =>
    formatAttemptId({ run: seq, task: indexGraph(graph).rank.get(taskId)!, mapIndex, attempt });
  const leases = async () =>
    new Map(toScores(await redis.zrange(keys.channel(CHANNEL, 'leases'), '0', '-1', 'WITHSCORES')));

  /**
   * The core lets a worker claim what waits, whether its time has come or not; Redis, only what has been handed out. One more is
   * handed out at a time, so that of a mapped task some are and some are not.
   */
  const handOut = async (id: string) => {
    // The core knows no limits: whatever waits may be claimed.
    const limits = await redis.hgetall(keys.limits);
    for (const name of Object.keys(limits)) await redis.hset(keys.limits, name, 1_000_000);
    const [outbox, running] = [keys.channel(CHANNEL, 'outbox'), keys.channel(CHANNEL, 'leases')];
    const time = nowMs;
    nowMs += 10_000_000;
    for (let tries = 0; tries < 1_000 && (await redis.zscore(outbox, id)) === null; tries += 1) {
      const busy = (await redis.zcard(outbox)) + (await redis.zcard(running));
      await setHands(busy + 1);
      await engine.transition('take-outbox', [1000]);
      if ((await redis.zcard(outbox)) + (await redis.zcard(running)) === busy) break; // There is no such attempt.
    }
    nowMs = time;
    await setHands(hands);
    for (const [name, max] of Object.entries(limits)) await redis.hset(keys.limits, name, max);
  };

  /** Lets only this lease run out, whatever the others say. */
  const expireOnly = async (id: string) => {
    const before = await leases();
    const others = [...before.keys()].filter((other) => other !== id);
    const channel = keys.channel(CHANNEL, 'leases');
    for (const other of others) await redis.zadd(channel, '+inf', other);
    const { values } = await engine.transition('expire-leases', [100, random]);
    for (const other of others) await redis.zadd(channel, before.get(other)!, other);
    return (values![0] as string[]).includes(id);
  };

  const start = async () => {
    const phase = await redis.hget(keys.run(seq), 'state');
    if (phase === 'running') return {};
    if (phase !== 'queued') return { refusal: 'run-not-running' as const };
    await redis.hset(keys.lane(LANE), 'max', 1);
    await engine.transition('take-outbox', [1000]);
    await redis.hset(keys.lane(LANE), 'max', 0);
    return {};
  };

  return {
    leases,
    async apply(event) {
      if ('nowMs' in event) nowMs = event.nowMs;
      if ('random' in event) random = event.random;
      const held =
        'token' in event
          ? { attemptId: idOf(event), token: event.token, splitsResult: splits(graph, event.taskId) }
          : undefined;
      switch (event.type) {
        case 'start':
          return start();
        case 'enqueued':
          return {};
        case 'claim': {
          await handOut(held!.attemptId);
          const { token, worker = '', leaseMs } = event;
          const reply = await attempts.claim(held!.attemptId, { token, worker, leaseMs });
          return reply.refusal === undefined ? { claimed: reply } : reply;
        }
        case 'heartbeat': {
          const [alive] = await attempts.heartbeat([held!], event.leaseMs);
          // The reply has no reasons: the worker stops the attempt whatever it is.
          return alive ? {} : { refusal: 'stale-attempt' };
        }
        case 'finish':
          return attempts.finish(held!, event);
        case 'fail':
          return attempts.fail(held!, event);
        case 'skip':
          return attempts.skip(held!, event.note);
        case 'reschedule':
          return attempts.reschedule(held!, event);
        case 'expire':
          return (await expireOnly(idOf(event))) ? {} : { refusal: 'not-expired' };
        case 'cancel':
          return (await runs.cancelRun(ref, event.reason)) ? {} : { refusal: 'run-not-running' };
        case 'clear':
        case 'mark':
          return intervene(event);
      }
    },
    state: async () => toRunState(await redis.hgetall(keys.run(seq)), graph),
    async held() {
      const [outbox, running, ...limited] = await Promise.all([
        redis.zrange(keys.channel(CHANNEL, 'outbox'), '0', '-1'),
        redis.zrange(keys.channel(CHANNEL, 'leases'), '0', '-1'),
        ...(await redis.hkeys(keys.limits)).map((name) => redis.smembers(keys.limit(name, 'held'))),
      ]);
      return { limited: new Set(limited.flat()), slots: new Set([...outbox, ...running]) };
    },
    async waiting() {
      const ids = await Promise.all([
        redis.zrange(keys.channel(CHANNEL, 'ready'), '0', '-1'),
        redis.zrange(keys.channel(CHANNEL, 'outbox'), '0', '-1'),
        redis.zrange(keys.delayed, '0', '-1'),
        ...(await redis.hkeys(keys.limits)).map((name) =>
          redis.zrange(keys.limit(name, 'parked'), '0', '-1'),
        ),
      ]);
      const hash = await redis.hgetall(keys.run(seq));
      return new Set(ids.flat().flatMap((id) => (id.endsWith('*') ? expandRange(id, hash, graph) : [id])));
    },
  };

  async function intervene(event: Extract<RunEvent, { type: 'clear' | 'mark' }>) {
    const place = (taskId: string) => indexGraph(graph).rank.get(taskId)!;
    const args =
      event.type === 'clear'
        ? [
            JSON.stringify(
              event.targets.map(({ taskId, mapIndices: indices }) => ({ task: place(taskId), indices })),
            ),
          ]
        : [
            place(event.taskId),
            event.mapIndex ?? '',
            { success: 's', failed: 'f', skipped: 'k' }[event.state],
            event.note,
            event.openOnly ? '1' : '',
            ...(splits(graph, event.taskId) && Array.isArray(event.result)
              ? ['', event.listLength ?? '', ...event.result.map((element) => JSON.stringify(element))]
              : [JSON.stringify(event.result) ?? '', event.listLength ?? '']),
          ];
    const reply = await engine.transition(event.type, [seq, ...args]);
    return reply.refusal === undefined ? {} : { refusal: reply.refusal };
  }
}

function splits(graph: DagGraph, taskId: string): boolean {
  const isExpandedOver = graph.tasks.some(
    ({ expand, inputs }) => expand !== undefined && inputs[expand] === taskId,
  );
  return isExpandedOver && indexGraph(graph).node.get(taskId)!.expand === undefined;
}

/** The attempts that a range stands for: what is left of a mapped task, less what has ended or waits on its own. */
function expandRange(id: string, hash: Record<string, string>, graph: DagGraph): string[] {
  const [run, task] = id.split('.');
  const [, mapCount, , cursor, , since] = hash[`t${task}`]!.split('|');
  const { instances } = toRunState(hash, graph).tasks[graph.tasks[Number(task)]!.id]!;
  return instances
    .slice(Number(cursor), Number(mapCount))
    .filter(({ state, dueMs }) => state === 'scheduled' && dueMs === Number(hash.created) + Number(since))
    .map(({ mapIndex, attempt }) => formatAttemptId({ run: run!, task: Number(task), mapIndex, attempt }));
}

function toScores(flat: readonly string[]): [string, number][] {
  return flat.flatMap((member, at) =>
    at % 2 === 0 ? [[member, Number(flat[at + 1])] as [string, number]] : [],
  );
}
