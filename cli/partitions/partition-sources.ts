/** Where the commands about partition states get their facts: lake, drops, and the Redis in use when there is one. */
import { runsOfDays } from '../../engine/partition-runs.ts';
import type { RunFacts } from '../../engine/partition-state.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import type { Config } from '../../infra/config.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import { connected, connectRedis } from '../../infra/redis.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { dayParamsSchema, metricParamsOf } from '../../tasks/day-params.ts';
import type { MetricParams } from '../../tasks/metric-params.ts';
import { type CommandContext, commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { redisInUse } from '../engine/with-engine.ts';

export interface SourceOptions extends CommonOptions {
  readonly lake?: string;
  readonly drops?: string;
}

export interface Stores {
  readonly lake: ObjectStore;
  readonly drops: ObjectStore;
}

/** Opens both, and closes them when the work is done or fails. */
export async function withStores<T>(
  options: SourceOptions,
  access: 'read' | 'write',
  work: (stores: Stores, context: CommandContext) => Promise<T>,
): Promise<T> {
  const { lake: lakeUrl, drops: dropsUrl } = options;
  const context = commandContext(options, {
    ...(lakeUrl === undefined ? {} : { lake: lakeUrl }),
    ...(dropsUrl === undefined ? {} : { drops: dropsUrl }),
  });
  const { config } = context;
  const lake = await openStore(config.lake, { s3: config.s3, readOnly: access === 'read' });
  const drops = await openStore(config.drops, { s3: config.s3, readOnly: true });
  try {
    return await work({ lake, drops }, context);
  } finally {
    await Promise.all([lake.close(), drops.close()]);
  }
}

/** The metric's parameters of a run of nightly that is asked for now. Throws FL_PARAMS_INVALID. */
export function metricParamsInUse(
  config: Config,
  given: Readonly<Record<string, unknown>> = {},
): MetricParams {
  return metricParamsOf(dayParamsSchema.parse({ ...config.dags.nightly?.params, ...given }));
}

/** What `up` left behind may be gone: nobody shall wait long to learn it. */
const ANSWER_MS = 1_500;

/** Runs by day that go on or failed. Undefined when there is no Redis to ask: then only the lake is known. */
export async function runFacts(
  config: Config,
  range: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<ReadonlyMap<string, RunFacts> | undefined> {
  try {
    const { url, prefix } = redisInUse(config);
    const redis = await connected(connectRedis(url, { name: 'cli' }), ANSWER_MS);
    try {
      return await runsOfDays(redisEngine({ redis, prefix }), 'nightly', range);
    } finally {
      redis.disconnect();
    }
  } catch (error) {
    if (isFlyerlineError(error, 'FL_REDIS_MISSING')) return undefined;
    throw error;
  }
}
