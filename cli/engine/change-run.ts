/** `runs cancel`, `runs clear`, `runs mark`: what people do to a run. */
import { descendantsOf } from '../../engine/graph.ts';
import { readGraph } from '../../engine/redis-graph.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import { type RunRef, runStore } from '../../engine/run-store.ts';
import type { RunView } from '../../engine/run-view.ts';
import type { CommonOptions } from '../common-options.ts';
import { style } from '../terminal.ts';
import { stateText } from './run-text.ts';
import { withEngine } from './with-engine.ts';

export interface CancelOptions extends CommonOptions {
  readonly reason: string;
}

export async function cancelRun(dagId: string, runId: string, options: CancelOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const cancelled = await runStore(engine).cancelRun({ dagId, runId }, options.reason);
    if (json) process.stdout.write(`${JSON.stringify({ cancelled })}\n`);
    else
      process.stdout.write(
        cancelled ? `${style.green('✓')} ${runId} is cancelled\n` : `– ${runId} has ended already\n`,
      );
  });
}

export interface ClearOptions extends CommonOptions {
  readonly task: readonly string[];
  readonly downstream: boolean;
  readonly failed: boolean;
  readonly yes: boolean;
}

/** Says what would be cleared; does it with --yes. */
export async function clearRun(dagId: string, runId: string, options: ClearOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const ref = { dagId, runId };
    const run = await runReader(engine).getRun(ref);
    const graph = (await readGraph(engine.redis, engine.keys, dagId, run.version))!;
    const asked =
      options.task.length > 0 ? options.task : [...new Set(run.tasks.map(({ taskId }) => taskId))];
    const chosen = options.failed ? asked.filter((taskId) => hasFailed(run, taskId)) : asked;
    const behind = options.downstream ? chosen.flatMap((taskId) => descendantsOf(graph, taskId)) : [];
    const taskIds = [...new Set([...chosen, ...behind])];
    const state =
      options.yes && taskIds.length > 0
        ? await runStore(engine).clearRun(
            ref,
            taskIds.map((taskId) => ({ taskId })),
          )
        : run.state;
    if (json) process.stdout.write(`${JSON.stringify({ cleared: options.yes, taskIds, state })}\n`);
    else process.stdout.write(`${answer(taskIds, options.yes, state)}\n`);
  });
}

function hasFailed({ tasks }: RunView, taskId: string): boolean {
  return tasks.some((task) => task.taskId === taskId && /failed/.test(task.state));
}

function answer(taskIds: readonly string[], done: boolean, state: string): string {
  if (taskIds.length === 0) return 'There is nothing to clear.';
  const list = taskIds.map((taskId) => `  ${taskId}`).join('\n');
  return done
    ? `${style.green('✓')} cleared; the run is ${stateText(state)}\n${list}`
    : `Would run again (say --yes to do it):\n${list}`;
}

export interface MarkOptions extends CommonOptions {
  readonly mapIndex?: number;
  readonly note: string;
}

export async function markTask(
  ref: RunRef,
  taskId: string,
  state: 'success' | 'failed' | 'skipped',
  options: MarkOptions,
): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const { mapIndex, note } = options;
    const mark = { taskId, state, note, ...(mapIndex === undefined ? {} : { mapIndex }) };
    const runState = await runStore(engine).markRun(ref, mark);
    if (json) process.stdout.write(`${JSON.stringify({ runState })}\n`);
    else
      process.stdout.write(
        `${style.green('✓')} ${taskId} is ${stateText(state)}; the run is ${stateText(runState)}\n`,
      );
  });
}
