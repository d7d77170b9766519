/** A private Redis server for one test file, stopped after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { findExecutable } from '../../infra/find-executable.ts';
import { connectRedis } from '../../infra/redis.ts';
import { acquireRedis, type RedisServer } from '../../infra/redis-server.ts';
import type { Requirement } from './requirement.ts';

/** For `describeWith`. Tests never install Redis; `./flyerline test` does so before it runs them. */
export const redisInstalled: Requirement =
  ((await findExecutable('redis-server')) ?? (await findExecutable('valkey-server')))
    ? {}
    : { missing: 'neither redis-server nor valkey-server is on the PATH' };

export interface TestRedis {
  /** Known once `beforeAll` has run. */
  readonly url: string;
  /** A client that is closed after the file. */
  connect(name?: string): Redis;
  /** A key prefix or queue name that no other test uses. */
  uniquePrefix(): string;
}

/** Call it at the top of a file or of a `describe`: it starts the server before and stops it after the tests. */
export function useRedis(options: { readonly appendonly?: boolean } = {}): TestRedis {
  let server: RedisServer | undefined;
  let dataDir: string | undefined;
  let prefixes = 0;
  const clients: Redis[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'flyerline-redis-'));
    server = await acquireRedis({ dataDir, appendonly: options.appendonly ?? false });
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server?.stop();
    if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
  });

  const url = () => {
    if (server === undefined)
      throw new Error('The test Redis is started by beforeAll: read its URL inside a test.');
    return server.url;
  };
  return {
    get url() {
      return url();
    },
    connect: (name = 'test') => {
      const client = connectRedis(url(), { name });
      clients.push(client);
      return client;
    },
    uniquePrefix: () => `t${process.pid}-${++prefixes}`,
  };
}
