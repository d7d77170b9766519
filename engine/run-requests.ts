/** Runs that tasks ask for: a task returns whom to run, its worker keeps that in Redis, a scheduler makes the runs. */
import { z } from 'zod';
import { asset } from './asset.ts';
import type { Dag } from './dag.ts';
import type { RunParams } from './params.ts';
import type { RedisEngine } from './redis-engine.ts';
import { type NewRun, runStore } from './run-store.ts';
import { intervalOfDay } from './schedule.ts';
import { newRun } from './scheduler-loop.ts';

const runRequest = z.object({
  /** Of the same DAG. */
  day: z.string(),
  /** Why, for whoever looks at the run. */
  note: z.string(),
});
const request = runRequest.extend({ dagId: z.string(), by: z.string() });

export type RunRequest = z.infer<typeof runRequest>;

/** What a task makes that asks for runs; it may say more than that. */
export interface RunRequests {
  readonly runRequests: readonly RunRequest[];
}
export const runRequests = asset<RunRequests>()('run_requests');

const resultWithRequests = z.object({ runRequests: z.array(runRequest).max(1_000) });

/** How many of a DAG's runs that were asked for run at a time: they must not be in the way of those that are due. */
const ACTIVE_MAX = 2;
const TAKEN_AT_ONCE = 100;

/** Whoever asks twice, after a crash, gets one run each. Anything else than a result with requests is none. */
export async function keepRunRequests(
  { redis, keys }: RedisEngine,
  from: { readonly dagId: string; readonly runId: string },
  result: unknown,
): Promise<void> {
  const parsed = resultWithRequests.safeParse(result);
  if (!parsed.success || parsed.data.runRequests.length === 0) return;
  const asked = parsed.data.runRequests.map((one) =>
    JSON.stringify({ ...one, dagId: from.dagId, by: from.runId }),
  );
  await redis.rpush(keys.runRequests, ...asked);
}

/** Makes the runs that were asked for; a request goes when its run is there. Returns their ids. */
export async function makeRequestedRuns(
  engine: RedisEngine,
  dags: readonly Dag[],
  paramsOf: (dagId: string) => RunParams | undefined,
): Promise<readonly { readonly dagId: string; readonly runId: string }[]> {
  const { redis, keys } = engine;
  const runs = runStore(engine);
  const made: { dagId: string; runId: string }[] = [];
  for (const text of await redis.lrange(keys.runRequests, 0, TAKEN_AT_ONCE - 1)) {
    const run = requestedRun(text, dags, paramsOf);
    if (run !== undefined && (await runs.insertRun(run)).inserted) {
      made.push({ dagId: run.graph.id, runId: run.runId });
    }
    await redis.lrem(keys.runRequests, 1, text);
  }
  return made;
}

/** Undefined when the DAG is gone. */
function requestedRun(
  text: string,
  dags: readonly Dag[],
  paramsOf: (dagId: string) => RunParams | undefined,
): NewRun | undefined {
  const { dagId, day, note, by } = request.parse(JSON.parse(text));
  const dag = dags.find(({ id }) => id === dagId);
  if (dag === undefined) return undefined;
  const interval = intervalOfDay(dag.options, day);
  const run = newRun(dag, {
    kind: 'backfill',
    interval,
    // The same night asks once; another night asks again, should the run have failed.
    runId: `restate__${interval.startIso}__${by}`,
    params: paramsOf(dagId),
    note,
  });
  return { ...run, lane: { name: `restate-${dagId}`, activeRunsMax: ACTIVE_MAX }, pool: 'backfill' };
}
