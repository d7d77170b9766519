/** A run being changed: copies what is written to, once, and shares the rest with the state it came from. */
import { type GraphIndex, indexGraph, type TaskNode } from './graph.ts';
import type { Effect } from './run-events.ts';
import { type InstanceKey, positionOf, type RunState, type TaskInstance, type TaskRun } from './run-model.ts';

export type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface WritableTask extends Omit<Writable<TaskRun>, 'upstream' | 'counts' | 'instances'> {
  readonly upstream: Writable<TaskRun['upstream']>;
  readonly counts: Writable<TaskRun['counts']>;
  readonly instances: TaskInstance[];
}

export interface RunDraft {
  readonly index: GraphIndex;
  /** Everything of the run but its tasks. */
  readonly run: Omit<Writable<RunState>, 'tasks'>;
  readonly effects: Effect[];
  node(taskId: string): TaskNode;
  /** As it is now, for reading. */
  task(taskId: string): TaskRun;
  /** For writing; the same object each time. */
  editTask(taskId: string): WritableTask;
  /** Replaces an instance. */
  putInstance(taskId: string, instance: TaskInstance): void;
  instance(key: InstanceKey): TaskInstance;
  finish(): RunState;
}

export function draftOf(state: RunState): RunDraft {
  const index = indexGraph(state.graph);
  const { tasks: before, ...rest } = state;
  const run: RunDraft['run'] = rest;
  const edited = new Map<string, WritableTask>();
  const draft: RunDraft = {
    index,
    run,
    effects: [],
    node: (taskId) => index.node.get(taskId)!,
    task: (taskId) => edited.get(taskId) ?? before[taskId]!,
    editTask(taskId) {
      let task = edited.get(taskId);
      if (task === undefined) {
        const { upstream, counts, instances, ...other } = before[taskId]!;
        task = { ...other, upstream: { ...upstream }, counts: { ...counts }, instances: [...instances] };
        edited.set(taskId, task);
      }
      return task;
    },
    putInstance(taskId, instance) {
      draft.editTask(taskId).instances[positionOf(instance.mapIndex)] = instance;
    },
    instance: ({ taskId, mapIndex }) => draft.task(taskId).instances[positionOf(mapIndex)]!,
    finish: () => ({
      ...run,
      tasks: edited.size === 0 ? before : { ...before, ...Object.fromEntries(edited) },
    }),
  };
  return draft;
}
