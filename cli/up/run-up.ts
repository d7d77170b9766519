/** Redis, a scheduler and workers in the foreground, until Ctrl-C. */
import { once } from 'node:events';
import { join } from 'node:path';
import type { Config } from '../../infra/config.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { acquireRedis } from '../../infra/redis-server.ts';
import { commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { EXIT } from '../exit-code.ts';
import { PROGRAM } from '../help.ts';
import { style } from '../terminal.ts';
import { readUpNote, removeUpNote, UP_DIR, writeUpNote } from './last-up.ts';
import { type Member, startGroup } from './process-group.ts';

export interface UpOptions extends CommonOptions {
  readonly workers: number;
  readonly concurrency?: number;
  readonly drops?: string;
  readonly lake?: string;
  readonly pipelines?: string;
}

export async function runUp(options: UpOptions): Promise<void> {
  const { drops, lake, concurrency } = options;
  const { config, json } = commandContext(options, {
    ...(drops === undefined ? {} : { drops }),
    ...(lake === undefined ? {} : { lake }),
    ...(concurrency === undefined ? {} : { engine: { workerConcurrency: concurrency } }),
  });
  const say = (line: string) => process.stderr.write(`${line}\n`);
  refuseSecond();
  const redis = await acquireRedis({ url: config.redisUrl, dataDir: join(UP_DIR, 'redis'), onProgress: say });
  writeUpNote({ pid: process.pid, redisUrl: redis.url, redisPrefix: config.redisPrefix });
  const group = startGroup(membersOf(options), environmentOf(config, redis.url));
  try {
    if (json)
      process.stdout.write(`${JSON.stringify({ redisUrl: redis.url, redisPrefix: config.redisPrefix })}\n`);
    else say(greeting(redis.url, options.workers));
    const end = await Promise.race([group.fallen.then((name) => ({ fallen: name })), signalled()]);
    if (end === 'signal')
      say('Draining: what runs may end. Ctrl-C again drops it; another worker takes over.');
    const again = end === 'signal' ? () => void group.stop() : () => {};
    process.on('SIGINT', again).on('SIGTERM', again);
    await group.stop();
    if (end !== 'signal') throw hasFallen(end.fallen);
    process.exitCode = EXIT.ok;
  } finally {
    await group.stop();
    removeUpNote();
    await redis.stop();
  }
}

function membersOf({ workers, pipelines }: UpOptions): readonly Member[] {
  const args = pipelines === undefined ? [] : ['--pipelines', pipelines];
  const worker = (_: unknown, at: number) => ({
    name: `worker ${at + 1}`,
    module: 'workers/worker.ts',
    args,
  });
  return [
    { name: 'scheduler', module: 'workers/scheduler.ts', args },
    ...Array.from({ length: workers }, worker),
  ];
}

/** What the flags of this command say, in the words of the environment. */
function environmentOf({ lake, drops, log, engine }: Config, redisUrl: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    FLYERLINE_REDIS_URL: redisUrl,
    FLYERLINE_LAKE: lake,
    FLYERLINE_DROPS: drops,
    FLYERLINE_LOG_LEVEL: log.level,
    FLYERLINE_WORKER_CONCURRENCY: String(engine.workerConcurrency),
  };
}

async function signalled(): Promise<'signal'> {
  const heard = new AbortController();
  await Promise.race(['SIGINT', 'SIGTERM'].map((name) => once(process, name, { signal: heard.signal })));
  heard.abort();
  return 'signal';
}

function refuseSecond(): void {
  const running = readUpNote();
  if (running === undefined) return;
  throw new FlyerlineError('FL_USAGE', {
    subject: `This directory`,
    reason: `has a "${PROGRAM} up" already (process ${running.pid})`,
    remedy: `end that one first, or add workers to it: FLYERLINE_REDIS_URL=${running.redisUrl} ${PROGRAM} worker`,
    retryable: false,
  });
}

function greeting(redisUrl: string, workers: number): string {
  return [
    `${style.green('✓')} ${style.bold('Flyerline is up')}: Redis at ${new URL(redisUrl).host}, a scheduler, ${workers} worker${workers === 1 ? '' : 's'}. Ctrl-C ends it.`,
    style.dim(
      `  In another terminal: ${PROGRAM} dags, ${PROGRAM} runs, ${PROGRAM} trigger nightly --date 2018-10-01`,
    ),
  ].join('\n');
}

function hasFallen(name: string): FlyerlineError {
  return new FlyerlineError('FL_INTERNAL', {
    subject: `The ${name}`,
    reason: 'ended by itself, so everything was stopped',
    remedy: 'see what it said above',
  });
}
