/** The builder behind `dag`: checks each wire as it is made and collects the nodes, which are in topological order by construction. */
import { FlyerlineError } from '../infra/errors.ts';
import type { Asset } from './asset.ts';
import { checkTaskOptions } from './check-dag.ts';
import type { AnyTask, DagOptions, Group, TaskRef, WireOptions, WireTask } from './dag.ts';
import type { RetryPolicy, TaskLimit, TaskNode } from './graph.ts';

/** Task ids become parts of Redis keys, job ids, log names and URLs. */
const ID_FORM = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

const DEFAULT_RETRY = {
  attemptsMax: 3,
  backoffMs: 10_000,
  backoffFactor: 2,
  backoffMaxMs: 600_000,
  jitter: 0.2,
};
const DEFAULT_LOSSES_MAX = 5;

interface Wiring {
  // biome-ignore lint/suspicious/noExplicitAny: the caller's `dag<Services>` says which services its tasks use.
  readonly task: WireTask<any>;
  readonly group: Group;
  readonly definitions: ReadonlyMap<string, AnyTask>;
  nodes(): readonly TaskNode[];
}

export function startWiring(dagId: string, options: DagOptions): Wiring {
  const nodes: TaskNode[] = [];
  const refs = new Set<TaskRef>();
  const definitions = new Map<string, AnyTask>();
  const groups: string[] = [];

  function task(
    definition: AnyTask,
    wires: Readonly<Record<string, TaskRef>>,
    wireOptions: WireOptions = {},
  ): TaskRef {
    const id = wireOptions.id ?? definition.name;
    checkId(id);
    const inputs = checkWires(id, definition, wires);
    for (const ref of wireOptions.after ?? []) checkRef(id, 'after', ref);
    const node = toNode(dagId, id, definition, inputs, wireOptions, options, groups.join('/'));
    checkTaskOptions(dagId, node);
    nodes.push(node);
    definitions.set(id, definition);
    const ref = Object.freeze({ taskId: id, asset: definition.makes });
    refs.add(ref);
    return ref;
  }

  function group<T>(name: string, body: () => T): T {
    if (!ID_FORM.test(name))
      throw invalid(`has a group named "${name}"`, `use letters, digits, "-" and "_" only`);
    groups.push(name);
    try {
      return body();
    } finally {
      groups.pop();
    }
  }

  function checkId(id: string): void {
    if (!ID_FORM.test(id)) {
      throw invalid(
        `has a task id "${id}"`,
        'use at most 100 letters, digits, "-" and "_", a letter or digit first',
      );
    }
    if (definitions.has(id)) {
      throw invalid(
        `wires task "${id}" twice`,
        'wire it once and pass its reference on, or give the second one an id of its own: task(…, …, { id: "…" })',
      );
    }
  }

  /** Types forbid all of these; plain JavaScript and casts do not. */
  function checkWires(
    id: string,
    definition: AnyTask,
    wires: Readonly<Record<string, TaskRef>>,
  ): Record<string, string> {
    const reads = definition.reads as Readonly<Record<string, Asset>>;
    for (const name of Object.keys(wires)) {
      if (!Object.hasOwn(reads, name)) {
        throw invalid(
          `gives task "${id}" an input "${name}"`,
          `wire only what it reads: ${quotedList(Object.keys(reads))}`,
        );
      }
    }
    const inputs: Record<string, string> = {};
    for (const [name, wanted] of Object.entries(reads)) {
      const ref = wires[name];
      if (ref === undefined) {
        throw invalid(
          `leaves input "${name}" of task "${id}" unwired`,
          `pass the task that makes "${wanted.name}"`,
        );
      }
      checkRef(id, name, ref);
      if (ref.asset.name !== wanted.name) {
        throw invalid(
          `passes "${ref.asset.name}" (task "${ref.taskId}") to input "${name}" of task "${id}"`,
          `pass the task that makes "${wanted.name}"`,
        );
      }
      inputs[name] = ref.taskId;
    }
    if (definition.expand !== undefined && !Object.hasOwn(inputs, definition.expand)) {
      throw invalid(
        `maps task "${id}" over "${definition.expand}", which is no input of it`,
        `name one of ${quotedList(Object.keys(reads))}`,
      );
    }
    return inputs;
  }

  function checkRef(id: string, input: string, ref: TaskRef): void {
    if (refs.has(ref)) return;
    throw invalid(
      `passes task "${ref.taskId}" of another DAG to "${input}" of task "${id}"`,
      `wire "${ref.taskId}" in this DAG and pass that reference`,
    );
  }

  function invalid(reason: string, remedy: string): FlyerlineError {
    return new FlyerlineError('FL_DAG_INVALID', {
      subject: `DAG "${dagId}"`,
      reason,
      remedy,
      retryable: false,
    });
  }

  return { task: task as Wiring['task'], group, definitions, nodes: () => nodes };
}

function toNode(
  dagId: string,
  id: string,
  definition: AnyTask,
  inputs: Readonly<Record<string, string>>,
  wire: WireOptions,
  { taskDefaults = {}, activeTasksMax }: DagOptions,
  group: string,
): TaskNode {
  const pick = <K extends 'timeoutMs' | 'pool' | 'priority' | 'queue' | 'activeMax'>(key: K) =>
    wire[key] ?? definition[key] ?? taskDefaults[key];
  const retry = { ...DEFAULT_RETRY, ...taskDefaults.retry, ...definition.retry, ...wire.retry };
  const limits = [
    { name: dagId, max: activeTasksMax },
    { name: `${dagId}.${id}`, max: pick('activeMax') },
  ].filter((limit): limit is TaskLimit => limit.max !== undefined);
  return Object.freeze({
    id,
    upstream: [...new Set([...Object.values(inputs), ...(wire.after ?? []).map((ref) => ref.taskId)])],
    inputs,
    ...(definition.expand === undefined ? {} : { expand: definition.expand as string }),
    triggerRule: definition.triggerRule,
    retry: { ...retry, lossesMax: retry.lossesMax ?? defaultLossesMax(retry) },
    timeoutMs: pick('timeoutMs') ?? 3_600_000,
    pool: pick('pool') ?? 'default',
    priority: pick('priority') ?? 0,
    queue: pick('queue') ?? 'default',
    ...(limits.length === 0 ? {} : { limits }),
    ...(group === '' ? {} : { group }),
  });
}

/** Who forbids a second try forbids it after a crash, too. */
function defaultLossesMax(retry: Pick<RetryPolicy, 'attemptsMax'>): number {
  return retry.attemptsMax === 1 ? 0 : DEFAULT_LOSSES_MAX;
}

function quotedList(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.map((name) => `"${name}"`).join(', ');
}
