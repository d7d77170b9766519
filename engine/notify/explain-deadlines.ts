/** Whether a run is late, and by how much: a sentence for each deadline of its DAG. */
import type { Dag } from '../dag.ts';
import { deadlineMsOf, deadlineName, type Forecast, forecast } from '../deadline.ts';
import { inWords, quoted } from '../explain-words.ts';
import type { RedisEngine } from '../redis-engine.ts';
import { loadRun } from '../redis-run-state.ts';
import { readHistory } from './deadline-notices.ts';
import { usualMs } from './durations.ts';
import { instant } from './words.ts';

/** Nothing for a run that is not kept, or by hand for a day whose deadline had passed. */
export async function explainDeadlines(
  engine: RedisEngine,
  dag: Dag,
  runId: string,
  nowMs: number,
): Promise<readonly string[]> {
  const { deadlines = [], timezone: dagZone = 'UTC' } = dag.options;
  const seq = deadlines.length === 0 ? null : await engine.redis.hget(engine.keys.dagRunIds(dag.id), runId);
  const run = seq === null ? undefined : await loadRun(engine, seq);
  if (run === undefined) return [];
  const { hash, state } = run;
  const history = await readHistory(engine, dag.id);
  return deadlines.flatMap((deadline) => {
    const deadlineMs = deadlineMsOf(dag.options, deadline, { endMs: Date.parse(hash.end!) });
    const { of, timezone = dagZone } = deadline;
    const name = `Deadline ${quoted(deadlineName(deadline))} (${instant(deadlineMs, timezone)})`;
    const lateMs = Number(hash.created) - deadlineMs;
    if (lateMs > 0) {
      return hash.kind === 'scheduled'
        ? [`${name} had passed ${inWords(lateMs)} before the run was made.`]
        : [];
    }
    const found = forecast(state, { deadlineMs, nowMs, usualMs: usualMs(history), of });
    return [`${name} ${sentenceOf(found, { deadlineMs, nowMs, isKnown: history.length > 0 })}.`];
  });
}

function sentenceOf(
  { verdict, ended, endMs, blockedBy }: Forecast,
  {
    deadlineMs,
    nowMs,
    isKnown,
  }: { readonly deadlineMs: number; readonly nowMs: number; readonly isKnown: boolean },
): string {
  const margin = inWords(Math.abs(endMs - deadlineMs));
  if (ended) return verdict === 'met' ? `was met ${margin} before` : `was met ${margin} late`;
  const stuck =
    blockedBy === undefined ? '' : `: without help it is not met, because ${quoted(blockedBy)} failed`;
  const end = stuck || (isKnown ? `: the end is expected in ${inWords(endMs - nowMs)}` : '');
  switch (verdict) {
    case 'missed':
      return `has been missed for ${inWords(nowMs - deadlineMs)}${end}`;
    case 'at-risk':
      return `is in danger${stuck || `${end}, ${margin} late`}`;
    default:
      return isKnown ? `will be met${end}, ${margin} before` : `is in ${inWords(deadlineMs - nowMs)}`;
  }
}
