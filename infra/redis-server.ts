/** A Redis server for this program: the given one, else a private child process, installed first where that is possible. */
import { FlyerlineError } from './errors.ts';
import { findExecutable } from './find-executable.ts';
import { connected, connectRedis } from './redis.ts';
import { installRedis } from './redis-install.ts';
import { startRedisServer } from './redis-process.ts';

export interface RedisServer {
  readonly url: string;
  readonly source: 'given' | 'started';
  /** Ends a server that was started here; leaves a given one alone. Safe to call twice. */
  stop(): Promise<void>;
}

export interface AcquireRedisOptions {
  /** Of a server to use instead of starting one. */
  readonly url?: string | undefined;
  /** Of a server that is started: its log, socket and append-only file. Created when missing. */
  readonly dataDir: string;
  /** Keeps acknowledged jobs over a crash of Redis (fsync every second). @default true */
  readonly appendonly?: boolean;
  /** Told in one line what is about to take a while: installing Redis. */
  readonly onProgress?: (line: string) => void;
  /** Where programs are looked for. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/** Names of the servers that speak Redis' protocol, best known first. */
const SERVERS = ['redis-server', 'valkey-server'] as const;

/**
 * Throws FL_REDIS_MISSING with the remedies when no server can be had, and FL_REDIS_UNFIT when a given one may evict keys.
 */
export async function acquireRedis(options: AcquireRedisOptions): Promise<RedisServer> {
  const { url, dataDir, appendonly = true, onProgress = () => {}, env = process.env } = options;
  if (url !== undefined) return useGiven(url);
  const binary =
    (await findServer(env)) ?? ((await installRedis(env, onProgress)) ? await findServer(env) : undefined);
  if (binary === undefined) throw redisMissing();
  const server = await startRedisServer({ binary, dataDir, appendonly });
  return { url: server.url, source: 'started', stop: server.stop };
}

async function findServer(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const name of SERVERS) {
    const path = await findExecutable(name, env);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function useGiven(url: string): Promise<RedisServer> {
  const client = connectRedis(url, { name: 'probe' });
  try {
    await connected(client);
    await refuseEviction(client, url);
  } finally {
    client.disconnect();
  }
  return { url, source: 'given', stop: async () => {} };
}

/** Under another policy than `noeviction`, a full Redis drops keys of the queue or of a run without a word. */
async function refuseEviction(client: ReturnType<typeof connectRedis>, url: string): Promise<void> {
  const info = await client.info('memory');
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
  const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  if (policy === 'noeviction' || limit === 0) return;
  throw new FlyerlineError('FL_REDIS_UNFIT', {
    subject: `Redis at ${new URL(url).host}`,
    reason: `may evict keys when it is full (maxmemory-policy is "${policy}")`,
    remedy: 'set maxmemory-policy to "noeviction"',
    retryable: false,
  });
}

function redisMissing(): FlyerlineError {
  return new FlyerlineError('FL_REDIS_MISSING', {
    subject: 'Redis',
    reason: 'is not installed, no URL of a server was given, and it cannot be installed from here',
    remedy: [
      'do one of these, then try again:',
      '  install it:         apt-get install redis-server   (or: dnf install redis, apk add redis, brew install redis)',
      '  name a server:      export FLYERLINE_REDIS_URL=redis://host:6379',
      '  run one with Docker: docker run --rm -p 127.0.0.1:6379:6379 redis:7 --appendonly yes, and name it as above',
      '  or use no Redis:    ./flyerline run nightly --date 2018-10-01 (the whole DAG in one process)',
    ].join('\n'),
    retryable: false,
  });
}
