/** The latest run about each day of a DAG, unless it ended well: what Redis knows of partitions and the lake does not. */

import { isPreviewRun } from '../lake/preview/preview-id.ts';
import type { DayRun } from './backfill/day-run.ts';
import { fusedDagId } from './backfill/fused-dag.ts';
import { daysOf } from './backfill/fused-runs.ts';
import type { RunFacts } from './partition-state.ts';
import type { RedisEngine } from './redis-engine.ts';
import { runReader } from './redis-read-model.ts';
import { ROW_FIELDS, toRow } from './redis-views.ts';
import type { RunRow } from './run-view.ts';

const PAGE = 500;
/** Errors cost a look at the run each. */
const ERRORS_MAX = 50;

interface DayRange {
  /** Both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** By day. Days that fused runs make are among them. */
export async function runsOfDays(
  engine: RedisEngine,
  dagId: string,
  range: DayRange = {},
): Promise<Map<string, RunFacts>> {
  const latest = new Map<string, RunOfDay>();
  const [single, fused] = await Promise.all([
    singleRuns(engine, dagId, range),
    fusedRuns(engine, dagId, range),
  ]);
  for (const run of [...single, ...fused]) {
    const known = latest.get(run.day);
    if (known === undefined || isLater(run, known)) latest.set(run.day, run);
  }
  const facts = new Map<string, RunFacts>();
  let errors = 0;
  for (const [day, run] of [...latest].sort(([a], [b]) => (a < b ? 1 : -1))) {
    const { runId, state, endedAtMs } = run;
    if (state === 'success') continue;
    const asks = state === 'failed' && run.error === undefined && errors++ < ERRORS_MAX;
    const error = asks ? await errorOf(engine, dagId, runId) : run.error;
    facts.set(day, { runId, state, endedAtMs, error });
  }
  return facts;
}

interface RunOfDay extends DayRun {
  readonly createdAtMs: number;
}

const isIn = (day: string, { from = '', to = '9999' }: DayRange): boolean => day >= from && day <= to;

/** A run that goes on counts more than one that has ended, whichever was asked for later. */
function isLater(run: RunOfDay, known: RunOfDay): boolean {
  const goesOn = ({ state }: RunOfDay) => state === 'queued' || state === 'running';
  if (goesOn(run) !== goesOn(known)) return goesOn(run);
  return (run.endedAtMs ?? run.createdAtMs) >= (known.endedAtMs ?? known.createdAtMs);
}

async function singleRuns(engine: RedisEngine, dagId: string, range: DayRange): Promise<RunOfDay[]> {
  return (await rowsOf(engine, dagId)).filter(({ day, runId }) => isIn(day, range) && !isPreviewRun(runId));
}

async function fusedRuns(engine: RedisEngine, dagId: string, range: DayRange): Promise<RunOfDay[]> {
  const reader = runReader(engine);
  const runs: RunOfDay[] = [];
  for (const row of await rowsOf(engine, fusedDagId(dagId))) {
    // Its interval ends with the midnight after its last day.
    if (isPreviewRun(row.runId)) continue;
    if (row.day > (range.to ?? '9999') || row.interval.endIso.slice(0, 10) <= (range.from ?? '')) continue;
    // Runs are forgotten while one looks at them.
    const run = await reader.getRun(row).catch(() => undefined);
    if (run === undefined) continue;
    const { createdAtMs } = run;
    for (const day of daysOf(run)) if (isIn(day.day, range)) runs.push({ ...day, createdAtMs });
  }
  return runs;
}

async function rowsOf({ redis, keys }: RedisEngine, dagId: string): Promise<RunRow[]> {
  const seqs = await redis.zrange(keys.dagRuns(dagId), '0', '-1');
  const rows: RunRow[] = [];
  for (let start = 0; start < seqs.length; start += PAGE) {
    const some = seqs.slice(start, start + PAGE);
    const read = await Promise.all(some.map((seq) => redis.hmget(keys.run(seq), ...ROW_FIELDS)));
    rows.push(...read.map((values) => toRow(values)?.row).filter((row) => row !== undefined));
  }
  return rows;
}

async function errorOf(engine: RedisEngine, dagId: string, runId: string): Promise<string | undefined> {
  const run = await runReader(engine)
    .getRun({ dagId, runId })
    .catch(() => undefined);
  return run?.cancelled ?? run?.tasks.find(({ state }) => state === 'failed')?.error?.message;
}
