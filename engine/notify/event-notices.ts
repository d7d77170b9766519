/** What the scripts have noted in the stream of events, as notices: runs that ended, attempts that did not end well. */
import { parseAttemptId } from '../attempt-id.ts';
import type { Dag } from '../dag.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { loadRun } from '../redis-run-state.ts';
import type { LoadedRun } from '../redis-views.ts';
import type { TaskError } from '../run-model.ts';
import { durationsOf, type TaskDurations } from './durations.ts';
import type { Ledger } from './ledger.ts';
import type { Notice } from './notice.ts';
import { instanceAt, noticeRun, runFailed } from './run-notices.ts';
import { afterRun, type DagTrouble } from './run-trouble.ts';

export interface EventNotices {
  readonly notices: readonly Notice[];
  /** Of runs that succeeded, for later estimates. */
  readonly durations: readonly { readonly dagId: string; readonly durations: TaskDurations }[];
  /** More events wait. */
  readonly more: boolean;
}

const CURSOR = 'cursor';
/** Events of one look: each may mean reading a run. */
const EVENTS_MAX = 200;

/**
 * Reads on where the ledger says that the last look ended, and moves that on. The first look of all begins at `sinceMs`, epoch
 * ms: an old failure is no news.
 */
export async function readEvents(
  engine: RedisEngine,
  ledger: Ledger,
  dags: readonly Dag[],
  sinceMs: number,
): Promise<EventNotices> {
  const { redis, keys } = engine;
  const cursor = ledger.get<string>(CURSOR) ?? `${sinceMs}-0`;
  ledger.set(CURSOR, cursor);
  const entries = await redis.xrange(keys.events, `(${cursor}`, '+', 'COUNT', EVENTS_MAX);
  const runs = new Map<string, LoadedRun | undefined>();
  const load = async (seq: string) => {
    if (!runs.has(seq)) runs.set(seq, await loadRun(engine, seq));
    return runs.get(seq);
  };
  const notices: Notice[] = [];
  const durations: EventNotices['durations'][number][] = [];
  for (const [id, pairs] of entries) {
    const event = toEvent(id, pairs);
    ledger.set(CURSOR, id);
    if (isNoNews(event, ledger, dags)) continue;
    const run = await load(event.seq);
    // It was deleted meanwhile.
    if (run === undefined) continue;
    const timezone = dags.find((dag) => dag.id === run.hash.dag)?.options.timezone ?? 'UTC';
    notices.push(...noticesOf(event, run, timezone, ledger));
    if (event.type === 'run' && event.state === 'success' && run.state.state === 'success') {
      durations.push({ dagId: run.hash.dag!, durations: durationsOf(run.state) });
    }
  }
  return { notices, durations, more: entries.length === EVENTS_MAX };
}

/** Hundreds of runs may succeed in a second: those that change nothing are not read. */
function isNoNews({ type, state, dagId }: StreamEvent, ledger: Ledger, dags: readonly Dag[]): boolean {
  if (type !== 'run' || state !== 'success' || dagId === undefined) return false;
  const { deadlines = [] } = dags.find(({ id }) => id === dagId)?.options ?? {};
  return deadlines.length === 0 && ledger.get(troubleOf(dagId)) === undefined;
}

const troubleOf = (dagId: string): string => `trouble:${dagId}`;

interface StreamEvent {
  readonly id: string;
  readonly type: string;
  /** Number of the run. */
  readonly seq: string;
  readonly about: string;
  readonly atMs: number;
  readonly dagId: string | undefined;
  readonly state: string | undefined;
  readonly outcome: string | undefined;
  readonly error: string | undefined;
}

function toEvent(id: string, pairs: readonly string[]): StreamEvent {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2) fields[pairs[at]!] = pairs[at + 1]!;
  const { type = '', about = '', at, dag, state, outcome, error } = fields;
  const seq = about.split('.')[0]!;
  return { id, type, about, seq, atMs: Number(at), dagId: dag, state, outcome, error };
}

function noticesOf(event: StreamEvent, run: LoadedRun, timezone: string, ledger: Ledger): readonly Notice[] {
  if (event.type === 'run') return runEnded(event, run, timezone, ledger);
  const about = parseAttemptId(event.about);
  const found = about && instanceAt(run.state, about.task, about.mapIndex);
  if (about === undefined || found === undefined) return [];
  const { taskId, instance } = found;
  const { mapIndex, attempt } = about;
  const base = { id: `event-${event.id}`, atMs: event.atMs, run: noticeRun(run.hash, timezone) };
  if (event.type === 'recovered') {
    return [{ kind: 'recovery', type: 'task-recovered', ...base, taskId, mapIndex, attempts: attempt }];
  }
  const error = JSON.parse(event.error ?? '{}') as TaskError;
  const task = { taskId, mapIndex, attempts: attempt, error };
  if (instance.attempt === attempt && instance.state === 'failed') {
    // Ended by it, the run speaks for itself.
    return run.state.state === 'running' ? [{ kind: 'failure', type: 'task-failed', ...base, task }] : [];
  }
  const due = instance.state === 'up_for_retry' ? instance.dueMs : undefined;
  return [
    {
      kind: 'retry',
      type: 'retry',
      ...base,
      task,
      lost: event.outcome === 'lost',
      ...(due === undefined ? {} : { dueMs: due }),
    },
  ];
}

function runEnded(event: StreamEvent, run: LoadedRun, timezone: string, ledger: Ledger): readonly Notice[] {
  const about = noticeRun(run.hash, timezone);
  const { dagId, runId } = about;
  const field = troubleOf(dagId);
  const state = event.state === 'success' ? 'success' : 'failed';
  const { trouble, recovery } = afterRun(ledger.get<DagTrouble>(field), { runId, state, atMs: event.atMs });
  ledger.set(field, trouble);
  const base = { id: `event-${event.id}`, atMs: event.atMs, run: about };
  if (state === 'failed' && trouble !== undefined) return [runFailed(run.state, { ...base, trouble })];
  return recovery === undefined ? [] : [{ kind: 'recovery', type: 'run-recovered', ...base, ...recovery }];
}
