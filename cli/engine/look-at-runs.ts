/** `runs list`, `runs show`, `logs`: what has run, what runs, and what it says. */
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import type { RunView, TaskView } from '../../engine/run-view.ts';
import { RUN_STATES, type RunState } from '../../engine/states.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import type { CommonOptions } from '../common-options.ts';
import { interruptSignal } from '../interrupt.ts';
import { logText } from './log-text.ts';
import { runsTable, runText } from './run-text.ts';
import { withEngine } from './with-engine.ts';

export interface ListRunsOptions extends CommonOptions {
  readonly state?: RunState;
  readonly limit: number;
}

export const STATES_OF_RUNS = RUN_STATES;

export async function listRuns(dagId: string | undefined, options: ListRunsOptions): Promise<void> {
  const { state, limit } = options;
  await withEngine(options, async (engine, { json }) => {
    const query = {
      limit,
      ...(dagId === undefined ? {} : { dagId }),
      ...(state === undefined ? {} : { state }),
    };
    const runs = await runReader(engine).listRuns(query);
    process.stdout.write(json ? `${JSON.stringify({ runs })}\n` : `${runsTable(runs)}\n`);
  });
}

export async function showRun(dagId: string, runId: string, options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const reader = runReader(engine);
    const run = await reader.getRun({ dagId, runId });
    if (!json) return void process.stdout.write(`${runText(run)}\n`);
    const pastAttempts = await reader.listPastAttempts({ dagId, runId });
    process.stdout.write(`${JSON.stringify({ run, pastAttempts })}\n`);
  });
}

export interface LogsOptions extends CommonOptions {
  readonly mapIndex?: number;
  readonly attempt?: number;
  readonly follow: boolean;
}

const FOLLOW_MS = 300;

export async function showLogs(
  dagId: string,
  runId: string,
  taskId: string,
  options: LogsOptions,
): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const reader = runReader(engine);
    const logs = attemptLogs(engine);
    const signal = options.follow ? interruptSignal() : AbortSignal.abort();
    let read = 0;
    do {
      const task = findTask(await reader.getRun({ dagId, runId }), taskId, options);
      const ended = task.endedAtMs !== undefined;
      const lines = await logs.read(attemptIdOf(task, options), read);
      for (const line of lines) process.stdout.write(json ? `${line}\n` : `${logText(line)}\n`);
      read += lines.length;
      if (ended) return;
      await sleep(FOLLOW_MS, undefined, { signal }).catch(() => {});
    } while (!signal.aborted);
  });
}

function findTask(run: RunView, taskId: string, { mapIndex = -1 }: LogsOptions): TaskView {
  const instances = run.tasks.filter((task) => task.taskId === taskId);
  const found = instances.find((task) => task.mapIndex === mapIndex);
  if (found !== undefined) return found;
  const isMapped = instances.length > 0 && instances[0]!.mapIndex >= 0;
  throw new FlyerlineError('FL_USAGE', {
    subject: `Run ${run.runId}`,
    reason: isMapped ? `has ${instances.length} instances of "${taskId}"` : `has no task "${taskId}"`,
    remedy: isMapped
      ? 'choose one with --map-index'
      : `its tasks: ${run.tasks.map((task) => task.taskId).join(', ')}`,
    retryable: false,
  });
}

/** The latest attempt, or the one that is asked for. */
function attemptIdOf({ attemptId, taskId }: TaskView, { attempt }: LogsOptions): string {
  if (attemptId !== undefined) {
    return attempt === undefined ? attemptId : attemptId.replace(/\d+$/, String(attempt));
  }
  throw new FlyerlineError('FL_USAGE', {
    subject: `Task "${taskId}"`,
    reason: 'has not been attempted yet, so there is no log',
    remedy: 'look again when it runs',
  });
}
