/** The latest run about each day of a DAG, unless it ended well: what Redis knows of partitions and the lake does not. */
import type { RunFacts } from './partition-state.ts';
import type { RedisEngine } from './redis-engine.ts';
import { runReader } from './redis-read-model.ts';
import { ROW_FIELDS, toRow } from './redis-views.ts';
import type { RunRow } from './run-view.ts';

const PAGE = 500;
/** Errors cost a look at the run each. */
const ERRORS_MAX = 50;

/** By day. @param range both days included */
export async function runsOfDays(
  engine: RedisEngine,
  dagId: string,
  range: { readonly from?: string | undefined; readonly to?: string | undefined } = {},
): Promise<Map<string, RunFacts>> {
  const latest = new Map<string, RunRow>();
  for (const row of await rowsOf(engine, dagId)) {
    if (row.day < (range.from ?? '') || row.day > (range.to ?? '9999')) continue;
    const known = latest.get(row.day);
    if (known === undefined || isLater(row, known)) latest.set(row.day, row);
  }
  const facts = new Map<string, RunFacts>();
  let errors = 0;
  for (const [day, { runId, state, endedAtMs }] of [...latest].sort(([a], [b]) => (a < b ? 1 : -1))) {
    if (state === 'success') continue;
    const error =
      state === 'failed' && errors++ < ERRORS_MAX ? await errorOf(engine, dagId, runId) : undefined;
    facts.set(day, { runId, state, endedAtMs, error });
  }
  return facts;
}

/** A run that goes on counts more than one that has ended, whichever was asked for later. */
function isLater(row: RunRow, known: RunRow): boolean {
  const goesOn = ({ state }: RunRow) => state === 'queued' || state === 'running';
  if (goesOn(row) !== goesOn(known)) return goesOn(row);
  return (row.endedAtMs ?? row.createdAtMs) >= (known.endedAtMs ?? known.createdAtMs);
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
