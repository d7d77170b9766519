/** What a worker tells Redis about attempts, and what it hears back. Each call is one atomic script. */
import type { RedisEngine } from './redis-engine.ts';
import { readLists } from './redis-inputs.ts';
import type { ScriptRefusal } from './redis-refusals.ts';
import type { Progress } from './run-attempt.ts';
import type { TaskError } from './run-model.ts';
import type { IntervalIso } from './task-context.ts';

export interface Refused {
  readonly refusal: ScriptRefusal;
}

/** Everything an attempt needs to run. */
export interface ClaimedAttempt {
  readonly refusal?: undefined;
  readonly attemptId: string;
  readonly dagId: string;
  readonly runId: string;
  /** Version of the graph that the run began with. */
  readonly version: string;
  readonly taskId: string;
  /** 1 when the task is not mapped. */
  readonly mapCount: number;
  readonly interval: IntervalIso;
  /** Local date of the interval's start. */
  readonly day: string;
  /** The run's parameters, as JSON. */
  readonly paramsJson: string;
  /** Input name → result of the task before, as JSON; a name is missing when that task made nothing. */
  readonly inputsJson: string;
  /** Hard limit of the attempt. */
  readonly timeoutMs: number;
  /** Some task is mapped over the list that this one makes, so its elements are kept one by one. */
  readonly splitsResult: boolean;
}

export interface HeldAttempt {
  readonly attemptId: string;
  readonly token: string;
  /** As the claim said. */
  readonly splitsResult?: boolean;
}

/** Asks for the next ready attempt of these queues in the same call: see lua/includes/take-next.lua. */
export interface NextOrder {
  readonly queues: readonly string[];
  readonly token: string;
  readonly worker: string;
  readonly leaseMs: number;
}

export interface FinishReport {
  /** What the task returned; undefined: nothing. */
  readonly result?: unknown;
  /** Length of the result of a task that is not mapped, when it is a list. */
  readonly listLength?: number | undefined;
  readonly shortCircuit?: string | undefined;
  readonly notFollowed?: readonly string[] | undefined;
}

export interface FailReport {
  readonly error: TaskError;
  readonly retryable: boolean;
  /** The thrower's own choice instead of the policy's backoff. */
  readonly delayMs?: number | undefined;
}

export interface RescheduleReport {
  readonly delayMs: number;
  readonly timeoutMs?: number | undefined;
  readonly note: string;
}

/** A report was taken; or refused, because the attempt is somebody else's by now. `next` runs already, under the order's token. */
export type Reported =
  | (Refused & { readonly next?: undefined })
  | { readonly refusal?: undefined; readonly next?: ClaimedAttempt };

export interface AttemptStore {
  /** Repeating a claim with its token is no error. `token` is drawn by the claimer and proves every later report. */
  claim(
    attemptId: string,
    by: { readonly token: string; readonly worker: string; readonly leaseMs: number },
  ): Promise<ClaimedAttempt | Refused>;
  /** Extends leases. False where an attempt has been lost, cancelled or cleared: stop its process. */
  heartbeat(
    attempts: readonly (HeldAttempt & { readonly progress?: Progress | undefined })[],
    leaseMs: number,
  ): Promise<readonly boolean[]>;
  finish(attempt: HeldAttempt, report: FinishReport, next?: NextOrder): Promise<Reported>;
  fail(attempt: HeldAttempt, report: FailReport, next?: NextOrder): Promise<Reported>;
  skip(attempt: HeldAttempt, note: string, next?: NextOrder): Promise<Reported>;
  reschedule(attempt: HeldAttempt, report: RescheduleReport, next?: NextOrder): Promise<Reported>;
}

/** Longer texts of errors and notes are cut. */
const TEXT_LENGTH_MAX = 4_000;

export function attemptStore(engine: RedisEngine, random: () => number = Math.random): AttemptStore {
  const report = async (
    script: string,
    { attemptId, token }: HeldAttempt,
    next: NextOrder | undefined,
    args: readonly (string | number)[],
  ): Promise<Reported> => {
    const order = next === undefined ? '' : JSON.stringify({ ...next, worker: packable(next.worker) });
    const reply = await engine.transition(script, [attemptId, token, order, ...args]);
    if (reply.refusal !== undefined) return reply;
    const briefing = reply.values[0] as Briefing | [];
    return briefing.length === 0 ? {} : { next: await toClaimed(engine, briefing) };
  };
  return {
    async claim(attemptId, { token, worker, leaseMs }) {
      const reply = await engine.transition('claim', [attemptId, token, packable(worker), leaseMs]);
      return reply.refusal === undefined ? toClaimed(engine, reply.values[0] as Briefing) : reply;
    },
    async heartbeat(attempts, leaseMs) {
      if (attempts.length === 0) return [];
      const args = attempts.flatMap(({ attemptId, token, progress }) => [
        attemptId,
        token,
        progress === undefined ? '' : JSON.stringify(progress),
      ]);
      const reply = (await engine.run('heartbeat', [leaseMs, ...args])) as readonly number[];
      return reply.map((alive) => alive === 1);
    },
    finish: (attempt, { result, listLength = '', shortCircuit = '', notFollowed = [] }, next) => {
      const { json, elements } = packResult(result, attempt.splitsResult === true);
      const away = notFollowed.length === 0 ? '' : JSON.stringify(notFollowed);
      return report('finish', attempt, next, [json, listLength, shortCircuit, away, ...elements]);
    },
    fail: (attempt, { error, retryable, delayMs = '' }, next) => {
      const cut = { code: error.code, message: error.message.slice(0, TEXT_LENGTH_MAX) };
      return report('fail', attempt, next, [JSON.stringify(cut), retryable ? '1' : '', delayMs, random()]);
    },
    skip: (attempt, note, next) => report('skip', attempt, next, [note.slice(0, TEXT_LENGTH_MAX)]),
    reschedule: (attempt, { delayMs, timeoutMs = '', note }, next) =>
      report('reschedule', attempt, next, [delayMs, timeoutMs, note.slice(0, TEXT_LENGTH_MAX)]),
  };
}

/** How a result travels: as one JSON text, or as its elements when tasks are mapped over it. Nothing at all is ''. */
export function packResult(
  result: unknown,
  splits: boolean,
): { readonly json: string; readonly elements: readonly string[] } {
  if (splits && Array.isArray(result)) {
    return { json: '', elements: result.map((element) => JSON.stringify(element ?? null)) };
  }
  return { json: JSON.stringify(result) ?? '', elements: [] };
}

/** What a script tells of an attempt that begins: names and values, inputs as JSON, lists left out of them. */
type Briefing = [about: string[], inputsJson: string, lists: string[]];

async function toClaimed(engine: RedisEngine, [pairs, inputsJson, lists]: Briefing): Promise<ClaimedAttempt> {
  const about: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2) about[pairs[at]!] = pairs[at + 1]!;
  const attemptId = about.attemptId!;
  return {
    attemptId,
    dagId: about.dagId!,
    runId: about.runId!,
    version: about.version!,
    taskId: about.taskId!,
    mapCount: Number(about.mapCount),
    interval: { startIso: about.startIso!, endIso: about.endIso! },
    day: about.day!,
    paramsJson: about.paramsJson!,
    timeoutMs: Number(about.timeoutMs),
    splitsResult: Number(about.splitsResult) === 1,
    inputsJson: lists.length === 0 ? inputsJson : await readLists(engine, attemptId, inputsJson, lists),
  };
}

/** Worker names live in packed records, where '|' separates. */
function packable(name: string): string {
  return name.replaceAll('|', '_');
}
