/** What the commands about runs share: finding Redis, and closing it again. */
import { dispatcher } from '../../engine/dispatch.ts';
import { type RedisEngine, redisEngine } from '../../engine/redis-engine.ts';
import type { Config } from '../../infra/config.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { connected, connectRedis } from '../../infra/redis.ts';
import { type CommandContext, commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { PROGRAM } from '../help.ts';
import { readUpNote } from '../up/last-up.ts';

/** Connects to the Redis in use. What the work makes ready is dispatched. Throws FL_REDIS_MISSING. */
export async function withEngine<T>(
  options: CommonOptions,
  work: (engine: RedisEngine, context: CommandContext) => Promise<T>,
): Promise<T> {
  const context = commandContext(options);
  const { url, prefix } = redisInUse(context.config);
  // First a client that gives up when nobody answers, then one as BullMQ needs it.
  (await connected(connectRedis(url, { name: 'cli' }))).disconnect();
  const redis = connectRedis(url, { name: 'cli', forBlocking: true });
  const jobs = dispatcher({ redis, prefix, log: context.log });
  try {
    return await work(redisEngine({ redis, prefix, onReady: jobs.dispatch }), context);
  } finally {
    await jobs.close();
    redis.disconnect();
  }
}

/** Whether a Redis is configured or up here; it may not answer. */
export function isRedisInUse(config: Config): boolean {
  return config.redisUrl !== undefined || readUpNote() !== undefined;
}

/** The configured Redis, else that of `up` in this directory. */
export function redisInUse(config: Config): { readonly url: string; readonly prefix: string } {
  if (config.redisUrl !== undefined) return { url: config.redisUrl, prefix: config.redisPrefix };
  const up = readUpNote();
  if (up !== undefined) return { url: up.redisUrl, prefix: up.redisPrefix };
  throw new FlyerlineError('FL_REDIS_MISSING', {
    subject: 'Redis',
    reason: 'is not configured, and nothing is up in this directory',
    remedy: `start ${PROGRAM} up here, or set FLYERLINE_REDIS_URL`,
    retryable: false,
  });
}
