/** Plans a clear: which tasks, and exactly which task instances would be set back. Looking is the default, doing is an event. */
import { FlyerlineError } from '../infra/errors.ts';
import { ancestorsOf, descendantsOf, indexGraph } from './graph.ts';
import type { ClearTarget } from './run-events.ts';
import type { InstanceKey, RunState, TaskRun } from './run-model.ts';
import { transition } from './run-state.ts';
import type { TaskState } from './states.ts';

export interface ClearRequest {
  readonly taskId: string;
  /** Only these instances of a mapped task. @default all */
  readonly mapIndices?: readonly number[];
  /** Also everything behind it. @default true */
  readonly downstream?: boolean;
  /** Also everything before it. @default false */
  readonly upstream?: boolean;
  /** Of all these only what failed, or did not run because of a failure; of a mapped task only the failed instances. @default false */
  readonly onlyFailed?: boolean;
}

export interface ClearPlan {
  /** For the event `clear`. Empty: there is nothing to do. */
  readonly targets: readonly ClearTarget[];
  /** What would be set back, and the state it is in. */
  readonly instances: readonly (InstanceKey & { readonly state: TaskState })[];
}

/** Several requests make one plan. Throws FL_USAGE for a task or a map index that the run does not have. */
export function planClear(run: RunState, ...requests: readonly ClearRequest[]): ClearPlan {
  const targets = requests.flatMap((request) => targetsOf(run, request));
  return { targets, instances: setBackBy(run, targets) };
}

function targetsOf(run: RunState, request: ClearRequest): readonly ClearTarget[] {
  const { taskId, mapIndices, downstream = true, upstream = false, onlyFailed = false } = request;
  if (!indexGraph(run.graph).node.has(taskId)) throw unknown(run, `task "${taskId}"`);
  const wanted = new Set([
    ...(upstream ? ancestorsOf(run.graph, taskId) : []),
    taskId,
    ...(downstream ? descendantsOf(run.graph, taskId) : []),
  ]);
  return run.graph.tasks
    .filter(({ id }) => wanted.has(id))
    .flatMap(({ id }): readonly ClearTarget[] => {
      const asked = id === taskId && mapIndices !== undefined ? { mapIndices } : {};
      return onlyFailed ? failedPart(run.tasks[id]!, { taskId: id, ...asked }) : [{ taskId: id, ...asked }];
    });
}

function failedPart(task: TaskRun, target: ClearTarget): readonly ClearTarget[] {
  if (task.state === 'upstream_failed') return [target];
  const failed = task.instances.filter(({ state }) => state === 'failed').map(({ mapIndex }) => mapIndex);
  if (failed.length === 0) return [];
  if (failed[0] === -1) return [target];
  const mapIndices = failed.filter((index) => target.mapIndices?.includes(index) ?? true);
  return mapIndices.length === 0 ? [] : [{ ...target, mapIndices }];
}

/** Tries it on a copy: what the event would do is what the plan says. */
function setBackBy(run: RunState, targets: readonly ClearTarget[]): ClearPlan['instances'] {
  if (targets.length === 0) return [];
  const { state: after, refusal } = transition(run, { type: 'clear', targets, nowMs: 0 });
  if (refusal !== undefined) throw unknown(run, 'all of these map indices');
  return run.graph.tasks.flatMap(({ id: taskId }) =>
    run.tasks[taskId]!.instances.flatMap((before, position) => {
      const { mapIndex, state } = before;
      const untouched = after.tasks[taskId]!.instances[position] === before;
      return untouched || state === 'none' || state === 'removed' ? [] : [{ taskId, mapIndex, state }];
    }),
  );
}

function unknown(run: RunState, what: string): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: `Run "${run.runId}" of DAG "${run.graph.id}"`,
    reason: `does not have ${what}`,
    remedy: `its tasks are ${run.graph.tasks.map(({ id }) => `"${id}"`).join(', ')}`,
    retryable: false,
  });
}
