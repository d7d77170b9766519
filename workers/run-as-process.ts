/** A scheduler or worker as a process of its own: configuration from the environment, ended by signals. */
import { parseArgs } from 'node:util';
import { type Config, loadConfig } from '../infra/config.ts';
import { FlyerlineError } from '../infra/errors.ts';
import { createLogger } from '../infra/log.ts';

export interface Stoppable {
  stop(options?: { readonly force?: boolean }): Promise<void>;
}

export interface ProcessArguments {
  readonly redisUrl: string;
  readonly pipelines?: string;
  readonly queues?: readonly string[];
}

/**
 * Starts it with `--pipelines <module>` and `--queue <name>` (may be repeated) from the command line, everything else from
 * FLYERLINE_* variables, and stops it as signals say. The exit code is 0 after a clean stop, 1 when it cannot start.
 */
export async function runAsProcess(
  start: (config: Config, args: ProcessArguments) => Promise<Stoppable>,
): Promise<void> {
  try {
    await startAndWait(start);
  } catch (error) {
    createLogger({ name: 'process' }).error('The process ends: it cannot do its work.', { error });
    process.exit(1); // Connections that are open by now would keep it.
  }
}

async function startAndWait(
  start: (config: Config, args: ProcessArguments) => Promise<Stoppable>,
): Promise<void> {
  const { values } = parseArgs({
    options: { pipelines: { type: 'string' }, queue: { type: 'string', multiple: true } },
  });
  const config = loadConfig();
  if (config.redisUrl === undefined) {
    throw new FlyerlineError('FL_REDIS_MISSING', {
      subject: 'This process',
      reason: 'was not told where Redis is',
      remedy: 'set FLYERLINE_REDIS_URL',
      retryable: false,
    });
  }
  const started = await start(config, {
    redisUrl: config.redisUrl,
    ...(values.pipelines === undefined ? {} : { pipelines: values.pipelines }),
    ...(values.queue === undefined ? {} : { queues: values.queue }),
  });
  await untilSignalled(started);
  // It ends by itself, unless it left while Redis was away: BullMQ then keeps timers.
  setTimeout(() => process.exit(), LINGER_MAX_MS).unref();
}

const LINGER_MAX_MS = 2_000;

/**
 * The first SIGTERM or SIGINT drains: what runs may end. A second one kills it, and other workers take over. Resolves when all
 * is stopped.
 */
export function untilSignalled(started: Stoppable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let signals = 0;
  const stop = (force: boolean) => void started.stop({ force }).then(resolve, reject);
  const onSignal = () => {
    signals += 1;
    stop(signals > 1);
  };
  // Whoever started this process with a channel to it, and is gone, will not signal it any more.
  const onDisconnect = () => stop(true);
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  if (process.connected) process.on('disconnect', onDisconnect);
  return promise.finally(() => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    process.off('disconnect', onDisconnect);
  });
}
