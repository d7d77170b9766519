/** What a run's hash in Redis holds of the core's state. */
import type { RunState, TaskInstance } from '../../engine/run-state.ts';

/** Without what Redis keeps elsewhere: leases and results. */
export function storedPart(state: RunState): RunState {
  const withoutOthers = ({ leaseUntilMs: _lease, result: _result, ...kept }: TaskInstance) => kept;
  const tasks = Object.entries(state.tasks).map(([id, task]) => [
    id,
    { ...task, instances: task.instances.map(withoutOthers) },
  ]);
  return { ...state, tasks: Object.fromEntries(tasks) };
}
