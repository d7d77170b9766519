/** What the demo starts: a private Redis, a scheduler and two workers, all ended with it, however it ends. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type ChildServer, startChildServer } from '../../infra/child-server.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { acquireRedis, type RedisServer } from '../../infra/redis-server.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import type { DemoDir } from './demo-dir.ts';

export interface DemoStack {
  readonly redisUrl: string;
  readonly redisPrefix: string;
  readonly processIds: readonly number[];
  /** Rejects as soon as one of the processes ends by itself. */
  readonly failed: Promise<never>;
  /** Workers and scheduler first, Redis last. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly dir: DemoDir;
  readonly drops: string;
  readonly dagId: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly onProgress: (line: string) => void;
}

const REDIS_PREFIX = 'flyerline-demo';
const PROCESSES = [
  { name: 'scheduler', module: 'workers/scheduler.ts' },
  { name: 'worker-1', module: 'workers/worker.ts' },
  { name: 'worker-2', module: 'workers/worker.ts' },
] as const;

/** Throws FL_REDIS_MISSING. */
export async function startStack(options: StackOptions): Promise<DemoStack> {
  const { dir, onProgress } = options;
  // Not one that the environment names: the demo must leave no trace in it.
  const redis = await acquireRedis({ dataDir: dir.redis, onProgress });
  writeFileSync(dir.config, `${JSON.stringify(demoConfig(options, redis), null, 2)}\n`);
  const processes = PROCESSES.map(({ name, module }) => ({ name, server: startProcess(dir, name, module) }));
  let stopping = false;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {}); // Nobody may be listening any more.
  for (const { name, server } of processes) {
    void server.ended.then(() => {
      if (!stopping) reject(endedEarly(dir, name));
    });
  }
  return {
    redisUrl: redis.url,
    redisPrefix: REDIS_PREFIX,
    processIds: processes.flatMap(({ server }) => (server.pid === undefined ? [] : [server.pid])),
    failed,
    async stop() {
      stopping = true;
      await Promise.all(processes.map(({ server }) => server.stop()));
      await redis.stop();
    },
  };
}

/** Settings of all processes, and of commands that look at the demo with FLYERLINE_CONFIG. */
function demoConfig({ dir, drops, dagId, firstDay, lastDay }: StackOptions, redis: RedisServer): object {
  return {
    lake: dir.lake,
    drops,
    redisUrl: redis.url,
    redisPrefix: REDIS_PREFIX,
    scratchDir: dir.scratch,
    dags: { [dagId]: { startDate: firstDay, endDate: lastDay } },
  };
}

function startProcess(dir: DemoDir, name: string, module: string): ChildServer {
  const log = openSync(logPath(dir, name), 'a');
  const args = ['--disable-warning=ExperimentalWarning', join(PROJECT_ROOT, module)];
  try {
    return startChildServer(process.execPath, args, {
      cwd: dir.path,
      env: {
        ...withoutSettings(process.env),
        FLYERLINE_CONFIG: dir.config,
        FLYERLINE_LOG_FORMAT: 'json',
        // Two workers share the machine.
        FLYERLINE_THREADS: `${Math.max(1, Math.floor(availableParallelism() / 2))}`,
      },
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Settings in the environment would win over the demo's own. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('FLYERLINE_')));
}

function endedEarly(dir: DemoDir, name: string): FlyerlineError {
  const path = logPath(dir, name);
  const lastWords = readFileSync(path, 'utf8').trim().split('\n').at(-1);
  return new FlyerlineError('FL_INTERNAL', {
    subject: `The demo's ${name}`,
    reason: `ended by itself${lastWords === '' ? '' : `: ${lastWords}`}`,
    remedy: `see ${path}`,
  });
}

function logPath(dir: DemoDir, name: string): string {
  return join(dir.logs, `${name}.log`);
}
