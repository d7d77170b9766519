/** What a task instance receives: the results of the tasks it reads, or, of the list it is mapped over, its element. */
import { indexGraph } from './graph.ts';
import { type InstanceKey, isFinished, type RunState, type TaskInstance, type TaskRun } from './run-model.ts';

/** Where results are kept: the state of a run in this process, or Redis. Undefined: there is none. */
export interface ResultReader {
  /** The result of a task; of a mapped one the list of what its successful instances made, by map index. */
  whole(taskId: string): unknown;
  /** Element `index` of that list. */
  element(taskId: string, index: number): unknown;
}

/** Input name → value. An input whose task made nothing is left out. */
export async function collectInputs(
  run: Pick<RunState, 'graph'>,
  { taskId, mapIndex }: InstanceKey,
  results: ResultReader,
): Promise<Readonly<Record<string, unknown>>> {
  const node = indexGraph(run.graph).node.get(taskId)!;
  const inputs: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(node.inputs)) {
    const value = await (name === node.expand ? results.element(source, mapIndex) : results.whole(source));
    if (value !== undefined) inputs[name] = value;
  }
  return inputs;
}

/** Reads the results out of a run's state. */
export function resultsIn(run: RunState): ResultReader {
  const index = indexGraph(run.graph);
  const isMapped = (taskId: string) => index.node.get(taskId)!.expand !== undefined;
  return {
    whole(taskId) {
      const task = run.tasks[taskId]!;
      if (!isMapped(taskId)) return task.instances[0]?.result;
      return isFinished(task) && task.mapCount !== undefined ? successes(task).map(resultOf) : undefined;
    },
    element(taskId, position) {
      const task = run.tasks[taskId]!;
      if (isMapped(taskId)) {
        const all = task.counts.success === task.mapCount ? task.instances : successes(task);
        return all[position] === undefined ? undefined : resultOf(all[position]);
      }
      const list = task.instances[0]?.result;
      return Array.isArray(list) ? list[position] : undefined;
    },
  };
}

function successes(task: TaskRun): readonly TaskInstance[] {
  return task.instances.filter(({ state }) => state === 'success');
}

/** In a list there is no undefined: JSON makes it null. */
function resultOf({ result = null }: TaskInstance): unknown {
  return result;
}
