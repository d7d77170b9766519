/** Explains runs and tasks in Redis: the state of the run, and what of its surroundings stands in the way. */
import { formatAttemptId } from './attempt-id.ts';
import { explain } from './explain.ts';
import { explainRun, type RunExplanation } from './explain-run.ts';
import type { LanePlace, Surroundings } from './explain-waiting.ts';
import { indexGraph, type TaskNode } from './graph.ts';
import type { RedisEngine } from './redis-engine.ts';
import { readGraph } from './redis-graph.ts';
import { type RunHash, toRunState } from './redis-records.ts';
import { findInstance, type InstanceKey, type RunState, type TaskInstance } from './run-model.ts';
import { type RunRef, runStore, runUnknown } from './run-store.ts';

export interface Explainer {
  /** One sentence. Throws FL_RUN_UNKNOWN. */
  explainTask(ref: RunRef, key: Pick<InstanceKey, 'taskId'> & Partial<InstanceKey>): Promise<string>;
  /** Throws FL_RUN_UNKNOWN. */
  explainRun(ref: RunRef): Promise<RunExplanation>;
}

export function redisExplainer(engine: RedisEngine): Explainer {
  const { redis, keys } = engine;
  const load = async (ref: RunRef) => {
    const seq = await runStore(engine).seqOf(ref);
    const hash = await redis.hgetall(keys.run(seq));
    const graph = hash.version && (await readGraph(redis, keys, ref.dagId, hash.version));
    if (!graph) throw runUnknown(ref);
    return { seq, hash, state: toRunState(hash, graph) };
  };
  /** Of the server, whose clock all times in the state are of. */
  const nowMs = async () => {
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  };
  return {
    async explainTask(ref, key) {
      const { seq, hash, state } = await load(ref);
      const node = indexGraph(state.graph).node.get(key.taskId);
      const mapIndex = node?.expand === undefined ? -1 : (key.mapIndex ?? -1);
      const instance = findInstance(state, { taskId: key.taskId, mapIndex });
      if (node === undefined || instance === undefined) return explain(state, key, await nowMs());
      const pool = hash.pool ?? node.pool;
      const about = { taskId: key.taskId, seq, pool, queue: node.queue };
      const [leased, around] = await Promise.all([
        withLease(engine, state, instance, about),
        readSurroundings(engine, state, instance, about),
      ]);
      return explain(leased, key, await nowMs(), around);
    },
    async explainRun(ref) {
      const { seq, hash, state } = await load(ref);
      const lane = state.state === 'queued' ? await readLane(engine, seq, hash) : undefined;
      const around = await readAllSurroundings(engine, { seq, hash, state });
      return explainRun(state, { kind: hash.kind ?? 'manual', nowMs: await nowMs(), lane, around });
    },
  };
}

interface About {
  readonly seq: string;
  readonly taskId: string;
  readonly pool: string;
  readonly queue: string;
}

function attemptIdOf({ seq, taskId }: About, run: RunState, { mapIndex, attempt }: TaskInstance): string {
  return formatAttemptId({ run: seq, task: indexGraph(run.graph).rank.get(taskId)!, mapIndex, attempt });
}

/** The lease of a running attempt is kept beside the run. */
async function withLease(
  { redis, keys }: RedisEngine,
  run: RunState,
  instance: TaskInstance,
  about: About,
): Promise<RunState> {
  if (instance.state !== 'running') return run;
  const leases = keys.channel(`${about.pool}@${about.queue}`, 'leases');
  const leaseUntil = await redis.zscore(leases, attemptIdOf(about, run, instance));
  if (leaseUntil === null) return run;
  const task = run.tasks[about.taskId]!;
  const instances = task.instances.map((other) =>
    other === instance ? { ...other, leaseUntilMs: Number(leaseUntil) } : other,
  );
  return { ...run, tasks: { ...run.tasks, [about.taskId]: { ...task, instances } } };
}

/** Of a run with more tasks that wait, the rest is told without what is in their way. */
const EXPLAINED_MAX = 50;
const WAITING = /^(scheduled|up_for_retry|up_for_reschedule)$/;

async function readSurroundings(
  { redis, keys }: RedisEngine,
  run: RunState,
  instance: TaskInstance,
  about: About,
): Promise<Surroundings | undefined> {
  if (!WAITING.test(instance.state)) return undefined;
  const { seq, taskId, pool, queue } = about;
  const node = indexGraph(run.graph).node.get(taskId)!;
  const ready = keys.channel(`${pool}@${queue}`, 'ready');
  const id = attemptIdOf(about, run, instance);
  const range = `${seq}.${indexGraph(run.graph).rank.get(taskId)!}.*`;
  const held = async (channels: readonly string[]) => {
    const counts = channels.flatMap((name) => [
      redis.zcard(keys.channel(name, 'outbox')),
      redis.zcard(keys.channel(name, 'leases')),
    ]);
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  const [inOutbox, rank, rangeRank, slots, hands, taken, busy] = await Promise.all([
    redis.zscore(keys.channel(`${pool}@${queue}`, 'outbox'), id),
    redis.zrank(ready, id),
    redis.zrank(ready, range),
    redis.hget(keys.pools, pool),
    redis.get(keys.hands(queue)),
    redis.smembers(keys.poolQueues(pool)).then((queues) => held(queues.map((other) => `${pool}@${other}`))),
    redis.smembers(keys.queuePools(queue)).then((pools) => held(pools.map((other) => `${other}@${queue}`))),
  ]);
  const limit = await readLimit({ redis, keys }, node.limits, [id, range]);
  const place = inOutbox !== null ? 'outbox' : (rank ?? rangeRank) !== null ? 'ready' : undefined;
  return {
    ...(place === undefined ? {} : { place }),
    ...(limit === undefined ? {} : { limit }),
    ahead: rank ?? rangeRank ?? 0,
    pool: { name: pool, taken, ...(slots === null ? {} : { slotCount: Number(slots) }) },
    queue: { name: queue, handCount: Number(hands ?? 0), busy },
  };
}

/** The limit that the attempt, or the range it belongs to, is parked for. */
async function readLimit(
  { redis, keys }: Pick<RedisEngine, 'redis' | 'keys'>,
  limits: TaskNode['limits'] = [],
  members: readonly string[],
): Promise<Surroundings['limit']> {
  for (const { name } of limits) {
    const scores = await redis.zmscore(keys.limit(name, 'parked'), ...members);
    if (scores.some((score) => score !== null))
      return { name, max: Number(await redis.hget(keys.limits, name)) };
  }
  return undefined;
}

/** Of tasks that are not mapped; a mapped one is explained by how many of its instances wait. */
async function readAllSurroundings(
  engine: RedisEngine,
  { seq, hash, state }: { readonly seq: string; readonly hash: RunHash; readonly state: RunState },
): Promise<ReadonlyMap<string, Surroundings>> {
  const found = new Map<string, Surroundings>();
  for (const { id, pool, queue } of state.graph.tasks) {
    const instance = findInstance(state, { taskId: id, mapIndex: -1 });
    if (instance === undefined || found.size === EXPLAINED_MAX) continue;
    const about = { seq, taskId: id, pool: hash.pool ?? pool, queue };
    const around = await readSurroundings(engine, state, instance, about);
    if (around !== undefined) found.set(id, around);
  }
  return found;
}

async function readLane({ redis, keys }: RedisEngine, seq: string, hash: RunHash): Promise<LanePlace> {
  const name = hash.lane!;
  const [[max, paused], activeRuns, ahead, before] = await Promise.all([
    redis.hmget(keys.lane(name), 'max', 'paused'),
    redis.zcard(keys.lane(name, 'active')),
    redis.zrank(keys.lane(name, 'waiting'), seq),
    hash.dependsOnPast === '1' ? readRunBefore({ redis, keys }, hash) : undefined,
  ]);
  return {
    name,
    activeRuns,
    activeRunsMax: Number(max ?? 1),
    ahead: ahead ?? 0,
    ...(paused == null ? {} : { paused: paused as 'all' | 'scheduled' }),
    ...(before === undefined ? {} : { before }),
  };
}

/** Of the same DAG, by data interval; undefined when it stands in nobody's way. */
async function readRunBefore(
  { redis, keys }: Pick<RedisEngine, 'redis' | 'keys'>,
  hash: RunHash,
): Promise<LanePlace['before']> {
  const dagRuns = keys.dagRuns(hash.dag!);
  const [seq] = await redis.zrevrangebyscore(dagRuns, `(${hash.logicalMs}`, '-inf', 'LIMIT', 0, 1);
  if (seq === undefined) return undefined;
  const [runId, state] = await redis.hmget(keys.run(seq), 'id', 'state');
  return runId == null || state === 'success' ? undefined : { runId, state: state! };
}
