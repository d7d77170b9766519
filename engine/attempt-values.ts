/** What goes into an attempt and comes out of it: values that JSON can hold, small, and of the shape that wires promise. */
import { FlyerlineError } from '../infra/errors.ts';
import { nothing } from './asset.ts';
import type { AnyTask, Dag } from './dag.ts';
import { MAP_COUNT_MAX } from './expansion.ts';
import type { TaskNode } from './graph.ts';

/** Of a result as JSON, UTF-8. Rows belong in the lake; a result says where they are. */
export const RESULT_BYTES_MAX = 256 * 1024;

/** Throws when an input that the task counts on is missing: its task was set to success by hand, without a result. */
export function checkInputs(
  dag: Dag,
  node: TaskNode,
  definition: AnyTask,
  inputs: Readonly<Record<string, unknown>>,
): void {
  for (const [name, source] of Object.entries(node.inputs)) {
    const optional = node.triggerRule !== 'all_success' && name !== node.expand;
    const empty = definition.reads[name].name === nothing.name;
    if (optional || empty || inputs[name] !== undefined) continue;
    throw new FlyerlineError('FL_TASK_FAILED', {
      subject: `Input "${name}" of task "${node.id}" in DAG "${dag.id}"`,
      reason: `has no value: task "${source}" has no result`,
      remedy: `clear "${source}", so that it runs and makes one`,
      retryable: false,
    });
  }
}

/** As they are wired: from Redis, long lists come last. What a task makes of all its inputs (a hash, say) must be the same everywhere. */
export function inOrder(
  node: TaskNode,
  inputs: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(node.inputs).filter((name) => Object.hasOwn(inputs, name));
  return Object.fromEntries(names.map((name) => [name, inputs[name]]));
}

/** The result as JSON gives it back, so that it is the same in one process and over Redis. */
export function checkResult(
  dag: Dag,
  node: TaskNode,
  made: unknown,
): { readonly result?: unknown; readonly listLength?: number } {
  if (made === undefined) return {};
  const json = toJson(node, made);
  if (json === undefined) return {};
  const size = Buffer.byteLength(json);
  if (size > RESULT_BYTES_MAX) {
    throw tooLarge(
      node,
      `returned ${size} bytes of JSON, more than ${RESULT_BYTES_MAX}`,
      'put the data into the lake and return its key',
    );
  }
  const result: unknown = JSON.parse(json);
  if (node.expand !== undefined) return { result };
  const mappedBy = dag.graph.tasks.find(
    ({ expand, inputs }) => expand !== undefined && inputs[expand] === node.id,
  );
  if (mappedBy !== undefined) checkList(node, mappedBy, result);
  return Array.isArray(result) ? { result, listLength: result.length } : { result };
}

function toJson(node: TaskNode, made: unknown): string | undefined {
  try {
    return JSON.stringify(made);
  } catch (cause) {
    throw new FlyerlineError('FL_TASK_FAILED', {
      subject: `Task "${node.id}"`,
      reason: 'returned a value that JSON cannot hold',
      remedy: 'return plain objects, lists, strings, numbers, booleans and null',
      cause,
      retryable: false,
    });
  }
}

function checkList(node: TaskNode, mappedBy: TaskNode, result: unknown): void {
  if (!Array.isArray(result)) {
    throw new FlyerlineError('FL_TASK_FAILED', {
      subject: `Task "${node.id}"`,
      reason: `returned no list, but task "${mappedBy.id}" is mapped over it`,
      remedy: 'return a list',
      retryable: false,
    });
  }
  if (result.length > MAP_COUNT_MAX) {
    throw tooLarge(
      node,
      `returned ${result.length} elements for task "${mappedBy.id}" to map over, more than ${MAP_COUNT_MAX}`,
      'put more work into each element',
    );
  }
}

function tooLarge(node: TaskNode, reason: string, remedy: string): FlyerlineError {
  return new FlyerlineError('FL_RESULT_TOO_LARGE', {
    subject: `Task "${node.id}"`,
    reason,
    remedy,
    retryable: false,
  });
}
