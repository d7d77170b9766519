/** Names of everything in Redis, all below one prefix. What each key holds and how long: docs/internals/orchestration.md. */

export type ProcessKind = 'worker' | 'scheduler';

export interface EngineKeys {
  /** With its trailing ':'; the scripts build their keys from it. */
  readonly base: string;
  /** BullMQ's own prefix. */
  readonly bull: string;
  readonly runs: string;
  readonly dags: string;
  readonly channels: string;
  readonly pools: string;
  readonly lanes: string;
  /** How many attempts at a time, by name of the limit; see lua/includes/limits.lua. */
  readonly limits: string;
  readonly delayed: string;
  readonly deadlines: string;
  readonly leader: string;
  /** Runs that tasks have asked for. */
  readonly runRequests: string;
  /** Stream of what notifications are made of. */
  readonly events: string;
  /** What the notifier remembers. */
  readonly notify: string;
  run(seq: string): string;
  results(seq: string): string;
  history(seq: string): string;
  graph(dagId: string, version: string): string;
  dag(dagId: string): string;
  dagRuns(dagId: string): string;
  dagRunIds(dagId: string): string;
  limit(name: string, part: 'held' | 'parked'): string;
  lane(name: string, part?: 'waiting' | 'active'): string;
  channel(name: string, part: 'ready' | 'outbox' | 'leases'): string;
  /** Queues through which a pool is used. */
  poolQueues(pool: string): string;
  /** Pools from which a queue is fed. */
  queuePools(queue: string): string;
  /** How many attempts the workers of a queue can run at a time. */
  hands(queue: string): string;
  log(attemptId: string): string;
  /** How long tasks took in the last runs of a DAG that succeeded. */
  durations(dagId: string): string;
  /** Messages of a channel by when they are due; the messages; how deliveries went. */
  notifyChannel(channel: string, part: 'outbox' | 'messages' | 'health'): string;
  processes(kind: ProcessKind): string;
  process(kind: ProcessKind, id: string): string;
}

export function engineKeys(prefix: string): EngineKeys {
  const base = `${prefix}:`;
  return {
    base,
    bull: `${prefix}:bull`,
    runs: `${base}runs`,
    dags: `${base}dags`,
    channels: `${base}channels`,
    pools: `${base}pools`,
    lanes: `${base}lanes`,
    limits: `${base}limits`,
    delayed: `${base}delayed`,
    deadlines: `${base}deadlines`,
    leader: `${base}leader`,
    runRequests: `${base}run-requests`,
    events: `${base}events`,
    notify: `${base}notify`,
    run: (seq) => `${base}run:${seq}`,
    results: (seq) => `${base}results:${seq}`,
    history: (seq) => `${base}history:${seq}`,
    graph: (dagId, version) => `${base}graph:${dagId}:${version}`,
    dag: (dagId) => `${base}dag:${dagId}`,
    dagRuns: (dagId) => `${base}dag:${dagId}:runs`,
    dagRunIds: (dagId) => `${base}dag:${dagId}:ids`,
    limit: (name, part) => `${base}limit:${name}:${part}`,
    lane: (name, part) => `${base}lane:${name}${part === undefined ? '' : `:${part}`}`,
    channel: (name, part) => `${base}channel:${name}:${part}`,
    poolQueues: (pool) => `${base}pool:${pool}`,
    queuePools: (queue) => `${base}queue:${queue}`,
    hands: (queue) => `${base}hands:${queue}`,
    log: (attemptId) => `${base}log:${attemptId}`,
    durations: (dagId) => `${base}durations:${dagId}`,
    notifyChannel: (channel, part) => `${base}notify:${channel}:${part}`,
    processes: (kind) => `${base}${kind}s`,
    process: (kind, id) => `${base}${kind}:${id}`,
  };
}
