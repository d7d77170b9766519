/** A connection to Redis, with the options this program needs. */
import { Redis } from 'ioredis';
import { FlyerlineError } from './errors.ts';

export interface RedisConnectionOptions {
  /** Shown by `CLIENT LIST`: which part of the program holds the connection. */
  readonly name: string;
  /**
   * For BullMQ's blocking reads, where a command waits for as long as Redis is away. Otherwise a command fails
   * after about ten seconds without Redis, so that callers learn of it. @default false
   */
  readonly forBlocking?: boolean;
  /** Hears of connection errors; the client goes on reconnecting by itself. @default ignores them */
  readonly onError?: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_DELAY_MAX_MS = 1_000;
const RETRIES_MAX = 12;
/**
 * A connection whose other end is gone without a word (half-open) never breaks by itself: a worker would wait on it for ever. Longer
 * than the longest blocking read of BullMQ, 10 s.
 */
const SILENCE_MAX_MS = 15_000;

/**
 * A client that connects on its own and reconnects whenever the connection breaks.
 * Await `connected(client)` to learn whether the server can be had; `client.quit()` or `disconnect()` ends it.
 */
export function connectRedis(url: string, options: RedisConnectionOptions): Redis {
  const client = new Redis(url, {
    connectionName: `flyerline:${options.name}`,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MAX_MS,
    maxRetriesPerRequest: options.forBlocking === true ? null : RETRIES_MAX,
    retryStrategy: (times) => Math.min(50 * times, RECONNECT_DELAY_MAX_MS),
  });
  // Without a listener ioredis prints every failed reconnect to the console.
  client.on('error', options.onError ?? (() => {}));
  return client;
}

/** Resolves once the server has answered; throws FL_REDIS_MISSING when it does not within `timeoutMs`. */
export async function connected(client: Redis, timeoutMs = CONNECT_TIMEOUT_MS): Promise<Redis> {
  let lastError: Error | undefined;
  const remember = (error: Error) => {
    lastError = error;
  };
  client.on('error', remember);
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => deadline.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([client.ping(), deadline.promise]);
    return client;
  } catch (cause) {
    client.disconnect();
    throw new FlyerlineError('FL_REDIS_MISSING', {
      subject: `Redis at ${addressOf(client)}`,
      reason: `does not answer (${(lastError ?? (cause as Error)).message})`,
      remedy: 'start it, or correct FLYERLINE_REDIS_URL; without a URL a private server is started',
      cause,
    });
  } finally {
    clearTimeout(timer);
    client.off('error', remember);
  }
}

/** Host and port, never the password. */
function addressOf({ options }: Redis): string {
  return options.path ?? `${options.host ?? '127.0.0.1'}:${options.port ?? 6379}`;
}
