/** What planning and applying share: the DAG, its parameters, and facts about the partitions of a range of days. */
import type { Dag } from '../../engine/dag.ts';
import { parseRunParams, type RunParams } from '../../engine/params.ts';
import { nextInterval } from '../../engine/schedule.ts';
import type { Config } from '../../infra/config.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { findDag } from '../../pipelines/find-dag.ts';
import type { LiveDrops } from '../../tasks/partitions/live-drops.ts';
import { NIGHTLY_ASSETS } from '../../tasks/partitions/partition-facts.ts';
import { type PartitionsRead, readPartitions } from '../../tasks/partitions/read-partitions.ts';
import { metricParamsInUse, runFacts, type Stores } from '../partitions/partition-sources.ts';

/** The DAG whose runs make a day of every published table. */
const BACKFILLED = 'nightly';

/** Throws FL_DAG_UNKNOWN and FL_USAGE. */
export function backfilledDag(dagId: string): Dag {
  const dag = findDag(dagId);
  if (dag.id === BACKFILLED) return dag;
  throw new FlyerlineError('FL_USAGE', {
    subject: `DAG "${dagId}"`,
    reason: 'makes no partitions that could be planned for',
    remedy: `plan a backfill of ${BACKFILLED}, or run ${dagId} day by day`,
    retryable: false,
  });
}

/** Of one run, defaults filled in. Throws FL_PARAMS_INVALID. */
export function paramsInUse(dag: Dag, config: Config, given: RunParams): RunParams {
  return parseRunParams(dag, { ...config.dags[dag.id]?.params, ...given });
}

/** Facts as a run with these parameters would find them. Undefined when there is neither a row nor a version. */
export async function factsInUse(
  stores: Stores,
  config: Config,
  options: {
    readonly from: string | undefined;
    readonly to: string | undefined;
    readonly params: RunParams;
    /** When they have been read already. */
    readonly drops?: LiveDrops | undefined;
    readonly explainedMax?: number;
  },
): Promise<(PartitionsRead & { readonly runsKnown: boolean }) | undefined> {
  const { from, to, drops, explainedMax } = options;
  const runs = await runFacts(config, { from, to });
  const read = await readPartitions(stores, {
    ...{ from, to, runs, drops },
    assets: NIGHTLY_ASSETS,
    params: metricParamsInUse(config, options.params),
    nowMs: Date.now(),
    heals: true,
    ...(explainedMax === undefined ? {} : { explainedMax }),
  });
  return read && { ...read, runsKnown: runs !== undefined };
}

/** When the scheduler makes its next run, epoch ms. */
export function nextRunAtMs({ options }: Dag, nowMs: number): number | undefined {
  const DAYS_BACK_MS = 3 * 86_400_000;
  let interval = nextInterval(options, nowMs - DAYS_BACK_MS);
  while (interval !== undefined && interval.runAfterMs <= nowMs)
    interval = nextInterval(options, interval.endMs);
  return interval?.runAfterMs;
}
