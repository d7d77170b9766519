/** `runs cancel`, `runs mark`: what people do to a run. Clearing is in clear-command.ts. */
import { type RunRef, runStore } from '../../engine/run-store.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import type { CommonOptions } from '../common-options.ts';
import { style } from '../terminal.ts';
import { stateText } from './run-text.ts';
import { withEngine } from './with-engine.ts';

export interface CancelOptions extends CommonOptions {
  /** The whole run when absent. */
  readonly task?: string;
  readonly mapIndex?: number;
  readonly reason: string;
}

export async function cancelRun(dagId: string, runId: string, options: CancelOptions): Promise<void> {
  const { task: taskId, mapIndex, reason } = options;
  if (taskId === undefined && mapIndex !== undefined) throw missingTask();
  const place = mapIndex === undefined ? '' : `[${mapIndex}]`;
  const what = taskId === undefined ? runId : `${taskId}${place} of ${runId}`;
  await withEngine(options, async (engine, { json }) => {
    const [runs, ref] = [runStore(engine), { dagId, runId }];
    const instance = mapIndex === undefined ? {} : { mapIndex };
    const cancelled =
      taskId === undefined
        ? await runs.cancelRun(ref, reason)
        : await runs.cancelTask(ref, { taskId, ...instance, reason });
    if (json) process.stdout.write(`${JSON.stringify({ cancelled })}\n`);
    else
      process.stdout.write(
        cancelled ? `${style.green('✓')} ${what} is cancelled\n` : `– ${what} has ended already\n`,
      );
  });
}

function missingTask(): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: 'The option --map-index',
    reason: 'says which instance, but not of which task',
    remedy: 'add --task <task>',
    retryable: false,
  });
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
