/** `logs`: what an attempt says, live from Redis; when Redis has forgotten it, from the lake. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ArchivedLog, runHistory } from '../../engine/archive/run-history.ts';
import { parseAttemptId } from '../../engine/attempt-id.ts';
import type { RedisEngine } from '../../engine/redis-engine.ts';
import { attemptLogs } from '../../engine/redis-logs.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import type { RunRef } from '../../engine/run-store.ts';
import type { RunView, TaskView } from '../../engine/run-view.ts';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import { interruptSignal } from '../interrupt.ts';
import { type LakeOptions, withLake } from '../lake/open-lake.ts';
import { logText } from './log-text.ts';
import { withEngine } from './with-engine.ts';

export interface LogsOptions extends LakeOptions {
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
  const ref = { dagId, runId };
  await withEngine(options, async (engine, { json }) => {
    const reader = runReader(engine);
    const logs = attemptLogs(engine);
    const signal = options.follow ? interruptSignal() : AbortSignal.abort();
    const print = (lines: readonly string[]) => {
      for (const line of lines) process.stdout.write(json ? `${line}\n` : `${logText(line)}\n`);
    };
    let read = 0;
    do {
      const run = await reader.getRun(ref).catch(orUnknown);
      if (isFlyerlineError(run)) {
        // An old run is in the lake alone.
        const found = await readFromLake(engine, ref, taskId, options);
        if (found === undefined) throw run;
        return print(found.lines);
      }
      const task = findTask(run, taskId, options);
      const ended = task.endedAtMs !== undefined;
      const attemptId = attemptIdOf(task, options);
      const { lines, next } = await logs.readOn(attemptId, read);
      print(lines);
      read = next;
      if (ended && read === 0) {
        const { attempt } = parseAttemptId(attemptId)!;
        print((await readFromLake(engine, ref, taskId, { ...options, attempt }))?.lines ?? []);
      }
      if (ended) return;
      await sleep(FOLLOW_MS, undefined, { signal }).catch(() => {});
    } while (!signal.aborted);
  });
}

function orUnknown(error: unknown): FlyerlineError {
  if (isFlyerlineError(error, 'FL_RUN_UNKNOWN')) return error;
  throw error;
}

/** Undefined when the attempt has said nothing, or is not known. */
async function readFromLake(
  engine: RedisEngine,
  ref: RunRef,
  taskId: string,
  options: LogsOptions,
): Promise<ArchivedLog | undefined> {
  const { mapIndex = -1, attempt } = options;
  return withLake(options, 'read', async (store) => {
    const about = { taskId, mapIndex, attempt };
    return runHistory(store, engine.prefix).readLog(ref, about);
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
