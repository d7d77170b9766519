/** Many days of a DAG in one run: a task instance a day, which runs the whole DAG for its day within one attempt. */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode, FlyerlineError } from '../../infra/errors.ts';
import { asset } from '../asset.ts';
import type { AttemptOutcome } from '../attempt-outcome.ts';
import { type Dag, dag as defineDag } from '../dag.ts';
import { toGraph } from '../graph.ts';
import { runLocally } from '../local-executor.ts';
import { taskFactory } from '../task.ts';
import type { TaskContext } from '../task-context.ts';
import { backfillRunId } from './backfill-run-id.ts';

/** What a run of a fused DAG is given. */
export const fusedParams = z.strictObject({
  backfill: z.string(),
  /** Which time the backfill was begun; from 1. */
  generation: z.int().min(1),
  /** In the order in which they are run: map index k is the k-th. */
  days: z.array(z.iso.date()).min(1),
  /** Of these days, those that are computed although nothing has changed. */
  forced: z.array(z.iso.date()),
  /** Of the DAG that runs for each day. */
  params: z.record(z.string(), z.unknown()),
});
export type FusedParams = z.infer<typeof fusedParams>;

/** The task that has an instance per day. */
export const MAKE_DAY = 'make-day';

export const fusedDagId = (dagId: string): string => `${dagId}-fused`;

interface MadeDay {
  readonly day: string;
  /** Why there was nothing to do; null when there was. */
  readonly note: string | null;
}

const dayList = asset<readonly string[]>()('days');
const madeDays = asset<readonly MadeDay[]>()('made_days');

/** A whole day may need as long as a single task of it may. */
const DAY_TIMEOUT_MS = 4 * 3_600_000;

export function fusedDag<Services>(dag: Dag<Services>): Dag<Services> {
  const defineTask = taskFactory<Services>();
  const once = withoutRetries(dag);
  const listDays = defineTask({
    name: 'list-days',
    makes: dayList,
    params: fusedParams,
    run: ({ params }) => params.days,
  });
  const makeDay = defineTask({
    name: MAKE_DAY,
    reads: { day: dayList },
    makes: madeDays,
    expand: 'day',
    params: fusedParams,
    timeoutMs: DAY_TIMEOUT_MS,
    run: (ctx, { day }) => runDay(once, day, ctx),
  });
  const { timezone, dataInterval } = dag.options;
  return defineDag<Services>(
    fusedDagId(dag.id),
    {
      description: `Many days of ${dag.id}, each in one attempt; made by backfills that are fused.`,
      schedule: null,
      ...(timezone === undefined ? {} : { timezone }),
      ...(dataInterval === undefined ? {} : { dataInterval }),
      params: fusedParams,
    },
    (task) => {
      const day = task(listDays, {});
      task(makeDay, { day });
    },
  );
}

/** What is tried again is the day: tasks that were tried again within it would multiply the attempts. */
function withoutRetries<Services>(dag: Dag<Services>): Dag<Services> {
  const tasks = dag.graph.tasks.map((node) => ({ ...node, retry: { ...node.retry, attemptsMax: 1 } }));
  return Object.freeze({ ...dag, graph: toGraph(dag.id, tasks) });
}

async function runDay<Services>(
  dag: Dag<Services>,
  day: string,
  ctx: TaskContext<Services, FusedParams>,
): Promise<MadeDay> {
  const { backfill, generation, forced, params } = ctx.params;
  let failure: Failure | undefined;
  let done = 0;
  const summary = await runLocally(dag, {
    day,
    runId: backfillRunId(dag, day, backfill, generation),
    params: { ...params, ...(forced.includes(day) ? { force: true } : {}) },
    services: ctx.services,
    log: ctx.log,
    scratchDir: ctx.scratchDir,
    // An attempt has the memory and threads of one.
    maxParallel: 1,
    signal: ctx.signal,
    onEvent(event) {
      if (event.type === 'attempt-started')
        ctx.progress(done, dag.graph.tasks.length, `${day} ${event.taskId}`);
      if (event.type === 'task-finished') done += 1;
      if (event.type === 'attempt-ended' && event.outcome.kind === 'failure') {
        failure ??= { taskId: event.taskId, ...event.outcome };
      }
    },
  });
  ctx.signal.throwIfAborted();
  if (summary.state !== 'success') throw dayFailed(day, failure);
  return { day, note: summary.tasks.find(({ note }) => note !== undefined)?.note ?? null };
}

type Failure = Extract<AttemptOutcome, { kind: 'failure' }> & { readonly taskId: string };

/** With the code of what went wrong first, and tried again if that would have been. */
function dayFailed(day: string, failure: Failure | undefined): FlyerlineError {
  const { taskId, error, retryable = true } = failure ?? {};
  return new FlyerlineError(error !== undefined && isErrorCode(error.code) ? error.code : 'FL_TASK_FAILED', {
    subject: `Day ${day}`,
    reason: `failed in ${taskId ?? 'no task'}: ${error?.message.replace(/\.$/, '') ?? 'its run did not end well'}`,
    remedy: 'its log has more',
    retryable,
  });
}

const isErrorCode = (code: string): code is ErrorCode => code in ERROR_CODES;
