/** Looks at the deadlines of scheduled intervals, whether their runs have begun or not. */
import { isPreviewRun } from '../../lake/preview/preview-id.ts';
import type { Dag, Deadline } from '../dag.ts';
import { deadlineMsOf, deadlineName, type Forecast, forecast } from '../deadline.ts';
import { explain } from '../explain.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { loadRun } from '../redis-run-state.ts';
import { createRun, type RunState } from '../run-model.ts';
import type { DataInterval, RunKind } from '../schedule.ts';
import { bestForecast, type DeadlineState, judgeDeadline } from './deadline-watch.ts';
import { type TaskDurations, usualMs } from './durations.ts';
import type { Ledger } from './ledger.ts';
import type { DeadlineNotice, NoticeRun } from './notice.ts';
import { instant } from './words.ts';

/** One DAG and the intervals that its schedule has made lately. */
export interface WatchedDag {
  readonly dag: Dag;
  readonly paused: boolean;
  /** Whose end has come, oldest first. */
  readonly intervals: readonly DataInterval[];
}

/** How long after it a missed deadline is still looked at. */
export const WATCH_MS = 7 * 86_400_000;
/** More runs of one interval than anybody makes. */
const RUNS_MAX = 20;

/**
 * Tells what is news of each deadline, and keeps in the ledger what it has told. A deadline that passed before any scheduler
 * knew of it is none.
 */
export async function watchDeadlines(
  engine: RedisEngine,
  ledger: Ledger,
  watched: readonly WatchedDag[],
  nowMs: number,
): Promise<readonly DeadlineNotice[]> {
  const notices: DeadlineNotice[] = [];
  const looked = new Set<string>();
  for (const { dag, paused, intervals } of watched) {
    const history = await readHistory(engine, dag.id);
    for (const deadline of dag.options.deadlines ?? []) {
      const name = `${dag.id}:${deadlineName(deadline)}`;
      const knownSinceMs = ledger.get<number>(`known:${name}`) ?? nowMs;
      ledger.set(`known:${name}`, knownSinceMs);
      for (const interval of intervals) {
        const deadlineMs = deadlineMsOf(dag.options, deadline, interval);
        if (deadlineMs < knownSinceMs || deadlineMs < nowMs - WATCH_MS) continue;
        const field = `deadline:${name}:${interval.startMs}`;
        looked.add(field);
        const before = ledger.get<DeadlineState>(field);
        if (before === 'met' || before === 'late') continue;
        const look = await lookAt(engine, { dag, deadline, interval, deadlineMs, paused, history, nowMs });
        const { state, news } = judgeDeadline(before, look.forecast);
        ledger.set(field, state);
        if (news !== undefined)
          notices.push(toNotice(news, look, { dag, deadline, deadlineMs, history, nowMs }));
      }
    }
  }
  forgetOld(ledger, looked, nowMs);
  return notices;
}

interface Look {
  readonly forecast: Forecast;
  readonly run: NoticeRun;
  readonly why: string;
  readonly obstacle: DeadlineNotice['obstacle'];
}

interface LookOptions {
  readonly dag: Dag;
  readonly deadline: Deadline;
  readonly interval: DataInterval;
  readonly deadlineMs: number;
  readonly paused: boolean;
  readonly history: readonly TaskDurations[];
  readonly nowMs: number;
}

async function lookAt(engine: RedisEngine, options: LookOptions): Promise<Look> {
  const { dag, deadline, interval, deadlineMs, paused, history, nowMs } = options;
  const { redis, keys } = engine;
  const { startMs } = interval;
  const seqs = await redis.zrangebyscore(keys.dagRuns(dag.id), startMs, startMs, 'LIMIT', 0, RUNS_MAX);
  const loaded = (await Promise.all(seqs.map((seq) => loadRun(engine, seq))))
    .filter((run) => run !== undefined)
    .filter(({ hash }) => !isPreviewRun(hash.id ?? ''));
  const base = { deadlineMs, nowMs, usualMs: usualMs(history), of: deadline.of };
  const timezone = deadline.timezone ?? dag.options.timezone ?? 'UTC';
  const about = (runId: string, kind: RunKind): NoticeRun => ({
    dagId: dag.id,
    runId,
    kind,
    day: interval.day,
    timezone,
  });
  const best = bestForecast(
    loaded.map(({ state, hash }) => ({ state, hash, forecast: forecast(state, base) })),
  );
  if (best !== undefined) {
    const { state, hash, forecast: found } = best;
    const reason = reasonOf(state, found, paused && hash.kind === 'scheduled', nowMs);
    return { forecast: found, run: about(hash.id!, hash.kind as RunKind), ...reason };
  }
  const begins = { ...base, startMs: interval.runAfterMs };
  const found = forecast(createRun(dag.graph, ''), begins);
  const isDue = nowMs >= interval.runAfterMs;
  // Nobody will start it: that it is late is not a matter of estimates.
  const stuck = paused && isDue && found.verdict === 'expected';
  return {
    forecast: stuck ? { ...found, verdict: 'at-risk' } : found,
    run: about('', 'scheduled'),
    ...(paused
      ? { obstacle: 'paused', why: `${dag.id} is paused, and ${interval.day} has no run.` }
      : isDue
        ? {
            obstacle: 'no-run',
            why: `${interval.day} has no run, though it is due since ${instant(interval.runAfterMs, timezone)}.`,
          }
        : {
            obstacle: 'not-due',
            why: `Its run is not due before ${instant(interval.runAfterMs, timezone)}.`,
          }),
  };
}

/** Why a run is late, in the words of explain: of the first task that the end waits for. */
function reasonOf(
  run: RunState,
  { blockedBy, criticalPath, ended }: Forecast,
  paused: boolean,
  nowMs: number,
): Pick<Look, 'why' | 'obstacle'> {
  if (ended) return { obstacle: 'none', why: '' };
  if (run.cancelled !== undefined)
    return { obstacle: 'failed', why: `The run was cancelled: ${run.cancelled}` };
  if (blockedBy !== undefined) return { obstacle: 'failed', why: explain(run, { taskId: blockedBy }, nowMs) };
  if (run.state === 'queued') {
    return paused
      ? { obstacle: 'paused', why: `${run.graph.id} is paused, and the run has not begun.` }
      : { obstacle: 'slow', why: 'The run has not begun: it waits for runs before it.' };
  }
  const [first] = criticalPath;
  if (first === undefined) return { obstacle: 'slow', why: 'It has not ended.' };
  const then = criticalPath.length > 1 ? `\nStill to come: ${criticalPath.slice(1).join(', ')}` : '';
  return { obstacle: 'slow', why: `${explain(run, { taskId: first }, nowMs)}${then}` };
}

function toNotice(
  type: DeadlineNotice['type'],
  { forecast: { endMs }, run, why, obstacle }: Look,
  {
    deadline,
    deadlineMs,
    history,
    nowMs,
  }: Pick<LookOptions, 'dag' | 'deadline' | 'deadlineMs' | 'history' | 'nowMs'>,
): DeadlineNotice {
  return {
    kind: 'deadline',
    type,
    id: `${type}-${run.dagId}-${run.day}-${deadlineName(deadline).replaceAll(' ', '-')}`,
    atMs: nowMs,
    run,
    ...(deadline.of === undefined ? {} : { of: deadline.of }),
    deadlineMs,
    endMs,
    historyCount: history.length,
    why,
    obstacle,
  };
}

/** Of the last runs that succeeded, the latest first. */
export async function readHistory(
  { redis, keys }: RedisEngine,
  dagId: string,
): Promise<readonly TaskDurations[]> {
  const lines = await redis.lrange(keys.durations(dagId), 0, -1);
  return lines.map((line) => JSON.parse(line) as TaskDurations);
}

/** Those of intervals that nobody looks at any more. */
function forgetOld(ledger: Ledger, looked: ReadonlySet<string>, nowMs: number): void {
  for (const [field] of ledger.list('deadline:')) {
    const startMs = Number(field.slice(field.lastIndexOf(':') + 1));
    if (!looked.has(field) && startMs < nowMs - 5 * WATCH_MS) ledger.set(field, undefined);
  }
}
