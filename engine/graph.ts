/** A DAG as data: what the state machine, Redis and the faces see of it. No functions, so it can be stored and compared. */
import { createHash } from 'node:crypto';
import type { TriggerRule } from './states.ts';

export interface RetryPolicy {
  /** Attempts that may fail, in all; 1 = never retried. @default 3 */
  readonly attemptsMax: number;
  /** Wait before attempt n+1: backoffMs × factor^(n-1), at most backoffMaxMs, ± jitter. @default 10_000 */
  readonly backoffMs: number;
  /** @default 2 */
  readonly backoffFactor: number;
  /** @default 600_000 */
  readonly backoffMaxMs: number;
  /** Share of the delay that is random, 0..1. @default 0.2 */
  readonly jitter: number;
  /**
   * Attempts that may be lost with their worker (killed, out of memory, cut off) before the task instance fails. A loss is
   * not the task's fault and uses up none of `attemptsMax`. @default 5, or 0 when attemptsMax is 1
   */
  readonly lossesMax: number;
}

export interface TaskNode {
  /** Unique within the DAG, e.g. `cleanse-events`. */
  readonly id: string;
  /** Tasks that must be finished before: those of the inputs in their order, then pure ordering ones; no duplicates. */
  readonly upstream: readonly string[];
  /** Input name → upstream task id: what `run` receives. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The input whose result is an array; the task has one instance (map index) per element. */
  readonly expand?: string;
  readonly triggerRule: TriggerRule;
  readonly retry: RetryPolicy;
  /** Hard limit of one attempt. */
  readonly timeoutMs: number;
  /** Pool whose slots an attempt takes, one each. */
  readonly pool: string;
  /** Larger runs first. */
  readonly priority: number;
  /** Worker class that takes it. */
  readonly queue: string;
  /** What limits how many attempts run at a time, over all runs; absent: nothing but its pool. */
  readonly limits?: readonly TaskLimit[];
  /** The group it is drawn in; nested groups are separated by '/'. Has no meaning for execution. */
  readonly group?: string;
}

/** At most `max` attempts of all the tasks that name it run at a time: `nightly` for a DAG, `nightly.export` for a task. */
export interface TaskLimit {
  readonly name: string;
  readonly max: number;
}

export interface DagGraph {
  readonly id: string;
  /** Hash of this structure, hex; a run keeps the version it began with. */
  readonly version: string;
  /** In topological order. */
  readonly tasks: readonly TaskNode[];
}

/** Names the structure by its hash. `tasks` must be in topological order, as wiring gives them. */
export function toGraph(id: string, tasks: readonly TaskNode[]): DagGraph {
  const version = createHash('sha256')
    .update(JSON.stringify([id, tasks], sortedKeys))
    .digest('hex')
    .slice(0, 16);
  return Object.freeze({ id, version, tasks: Object.freeze([...tasks]) });
}

/** Lookups over a graph. */
export interface GraphIndex {
  readonly node: ReadonlyMap<string, TaskNode>;
  /** Task id → the tasks that name it as upstream, in topological order. */
  readonly downstream: ReadonlyMap<string, readonly string[]>;
  /** Task id → its place in the topological order. */
  readonly rank: ReadonlyMap<string, number>;
}

const indexes = new WeakMap<DagGraph, GraphIndex>();

/** The index of a graph, built once per graph object. */
export function indexGraph(graph: DagGraph): GraphIndex {
  const known = indexes.get(graph);
  if (known) return known;
  const downstream = new Map<string, string[]>(graph.tasks.map((task) => [task.id, []]));
  for (const task of graph.tasks) for (const id of task.upstream) downstream.get(id)?.push(task.id);
  const index: GraphIndex = {
    node: new Map(graph.tasks.map((task) => [task.id, task])),
    downstream,
    rank: new Map(graph.tasks.map((task, rank) => [task.id, rank])),
  };
  indexes.set(graph, index);
  return index;
}

/** Every task that depends on `taskId`, directly or not, in topological order; without itself. */
export function descendantsOf(graph: DagGraph, taskId: string): readonly string[] {
  return reach(graph, taskId, (id) => indexGraph(graph).downstream.get(id) ?? []);
}

/** Every task that `taskId` depends on, directly or not, in topological order; without itself. */
export function ancestorsOf(graph: DagGraph, taskId: string): readonly string[] {
  return reach(graph, taskId, (id) => indexGraph(graph).node.get(id)?.upstream ?? []);
}

function reach(graph: DagGraph, from: string, next: (id: string) => readonly string[]): readonly string[] {
  const found = new Set<string>();
  const pending = [...next(from)];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    pending.push(...next(id));
  }
  return graph.tasks.filter((task) => found.has(task.id)).map((task) => task.id);
}

/** Objects with their keys in order, so that equal structures hash equally. `inputs` keeps its meaning: names are unique. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
