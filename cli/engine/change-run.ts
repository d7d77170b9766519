/** `runs cancel`, `runs mark`: what people do to a run. Clearing is in clear-command.ts. */
import { type RunRef, runStore } from '../../engine/run-store.ts';
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
