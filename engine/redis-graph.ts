/** A DAG's graph in Redis: one hash per version, a field per task, so that a script reads only the tasks it touches. */
import type { Redis } from 'ioredis';
import type { DagGraph, TaskNode } from './graph.ts';
import { indexGraph } from './graph.ts';
import type { EngineKeys } from './redis-keys.ts';

/** Stores a graph. It never changes under its version, so storing it again changes nothing. */
export async function putGraph(redis: Redis, keys: EngineKeys, graph: DagGraph): Promise<void> {
  const multi = redis.multi();
  for (const { pool, queue, limits = [] } of graph.tasks) {
    for (const { name, max } of limits) multi.hset(keys.limits, name, max);
    multi.sadd(keys.channels, `${pool}@${queue}`);
    multi.sadd(keys.poolQueues(pool), queue);
    multi.sadd(keys.queuePools(queue), pool);
  }
  multi.sadd(keys.dags, graph.id);
  multi.hset(keys.graph(graph.id, graph.version), graphFields(graph));
  await multi.exec();
}

/** The graph a run began with; undefined when it is not stored. */
export async function readGraph(
  redis: Redis,
  keys: EngineKeys,
  dagId: string,
  version: string,
): Promise<DagGraph | undefined> {
  const json = await redis.hget(keys.graph(dagId, version), 'json');
  return json === null ? undefined : (JSON.parse(json) as DagGraph);
}

/** Tasks are named by their place in the topological order, from 0. */
function graphFields(graph: DagGraph): Record<string, string> {
  const { rank } = indexGraph(graph);
  const roots = graph.tasks.flatMap((task, place) => (task.upstream.length === 0 ? [place] : []));
  const fields: Record<string, string> = {
    json: JSON.stringify(graph),
    count: String(graph.tasks.length),
    roots: JSON.stringify(roots),
    queues: JSON.stringify([...new Set(graph.tasks.map((task) => task.queue))]),
  };
  for (const [place, task] of graph.tasks.entries()) {
    fields[place] = JSON.stringify(toRow(graph, task, (id) => rank.get(id)!));
  }
  return fields;
}

/** What the scripts see of a task; see nodeOf in lua/includes/run.lua. */
function toRow(graph: DagGraph, task: TaskNode, placeOf: (taskId: string) => number) {
  const downstream = indexGraph(graph).downstream.get(task.id)!;
  const maps = (id: string) => {
    const { expand, inputs } = graph.tasks[placeOf(id)]!;
    return expand !== undefined && inputs[expand] === task.id;
  };
  return {
    id: task.id,
    rule: task.triggerRule,
    pool: task.pool,
    queue: task.queue,
    priority: task.priority,
    retry: task.retry,
    timeoutMs: task.timeoutMs,
    up: task.upstream.map(placeOf),
    down: downstream.map(placeOf),
    inputs: Object.entries(task.inputs).map(([name, source]) => [name, placeOf(source)]),
    mappedOver: downstream.some(maps),
    ...(task.limits === undefined ? {} : { limits: task.limits.map(({ name }) => name) }),
    ...(task.expand === undefined
      ? {}
      : { expandInput: task.expand, expand: placeOf(task.inputs[task.expand]!) }),
  };
}
