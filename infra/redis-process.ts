/** Runs a private Redis server as a child process on a free loopback port. */
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { type ChildServer, startChildServer } from './child-server.ts';
import { FlyerlineError } from './errors.ts';
import { freePort } from './free-port.ts';

export interface RedisProcessOptions {
  /** Path of redis-server or valkey-server. */
  readonly binary: string;
  readonly dataDir: string;
  readonly appendonly: boolean;
}

const START_ATTEMPTS_MAX = 5;
const START_TIMEOUT_MS = 20_000;

/**
 * Starts the server and waits until it answers. It ends with this process, however this process ends.
 * Throws FL_REDIS_MISSING with the server's own last words when it does not come up.
 */
export async function startRedisServer(
  options: RedisProcessOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = startChildServer(options.binary, serverArguments({ ...options, dataDir }, port));
    if (await answers(server, port)) return { url: `redis://127.0.0.1:${port}`, stop: server.stop };
    await server.stop();
    // Somebody may have taken the port between our look and the server's start: another one will do.
    if (attempt === START_ATTEMPTS_MAX) throw doesNotStart(options.binary, await lastWords(dataDir));
  }
}

function serverArguments({ dataDir, appendonly }: RedisProcessOptions, port: number): string[] {
  return Object.entries({
    bind: '127.0.0.1',
    port: String(port),
    dir: dataDir,
    logfile: join(dataDir, 'redis.log'),
    save: '',
    appendonly: appendonly ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  }).flatMap(([name, value]) => [`--${name}`, value]);
}

/** False when the server exits or stays silent. Loading an append-only file counts as silence. */
async function answers(server: ChildServer, port: number): Promise<boolean> {
  const client = new Redis(port, '127.0.0.1', {
    connectTimeout: 1_000,
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  });
  client.on('error', () => {});
  const gone = server.ended.then(() => false);
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const late = new Promise<boolean>((settle) => timeout.addEventListener('abort', () => settle(false)));
  try {
    // Another server may answer on a port that was taken meanwhile; ours knows its own process id.
    const ours = client.info('server').then((info) => info.includes(`process_id:${server.pid}\r`));
    return await Promise.race([ours.catch(() => false), gone, late]);
  } finally {
    client.disconnect();
  }
}

async function lastWords(dataDir: string): Promise<string> {
  const log = await readFile(join(dataDir, 'redis.log'), 'utf8').catch(() => '');
  return log.trim().split('\n').slice(-3).join(' | ');
}

function doesNotStart(binary: string, words: string): FlyerlineError {
  return new FlyerlineError('FL_REDIS_MISSING', {
    subject: `Redis server "${binary}"`,
    reason: `does not start${words === '' ? '' : `: ${words}`}`,
    remedy: 'see whether it runs by hand, or name another server with FLYERLINE_REDIS_URL',
    retryable: false,
  });
}
