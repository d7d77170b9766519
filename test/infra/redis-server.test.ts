/** Getting a Redis: given, started, or missing with the remedies. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { connectRedis } from '../../infra/redis.ts';
import { acquireRedis } from '../../infra/redis-server.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();

describeWith(redisInstalled, 'acquiring Redis', () => {
  const redis = useRedis({ appendonly: true });

  it('starts a private server that keeps jobs and never evicts', async () => {
    const client = redis.connect();
    expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    for (const [setting, value] of [
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      ['maxmemory-policy', 'noeviction'],
      ['bind', '127.0.0.1'],
      ['save', ''],
    ] as const) {
      expect(await client.config('GET', setting)).toEqual([setting, value]);
    }
  });

  it('uses a given server and leaves it running', async () => {
    const given = await acquireRedis({ url: redis.url, dataDir: temp.fresh() });
    expect(given).toMatchObject({ url: redis.url, source: 'given' });
    await given.stop();
    expect(await redis.connect().ping()).toBe('PONG');
  });

  it('finds what an earlier server has kept in the same directory', async () => {
    const dataDir = temp.fresh();
    const first = await acquireRedis({ dataDir });
    await withClient(first.url, (client) => client.set('job', 'acknowledged'));
    await first.stop();
    const second = await acquireRedis({ dataDir });
    try {
      expect(await withClient(second.url, (client) => client.get('job'))).toBe('acknowledged');
    } finally {
      await second.stop();
      await second.stop();
    }
  });

  it('refuses a given server that may evict keys, until it cannot', async () => {
    const client = redis.connect();
    await client.config('SET', 'maxmemory', '64mb');
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const acquire = () => acquireRedis({ url: redis.url, dataDir: temp.fresh() });
    await expect(acquire()).rejects.toMatchObject({
      code: 'FL_REDIS_UNFIT',
      message: expect.stringContaining('maxmemory-policy is "allkeys-lru"'),
    });
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await expect(acquire()).resolves.toMatchObject({ source: 'given' });
  });

  it('ends the server when its owner is killed', async () => {
    const dataDir = temp.fresh();
    const script = `
      import { acquireRedis } from ${JSON.stringify(join(PROJECT_ROOT, 'infra/redis-server.ts'))};
      const { url } = await acquireRedis({ dataDir: ${JSON.stringify(dataDir)} });
      console.log(url);
      process.kill(process.pid, 'SIGKILL');`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    const { stdout, signal } = await run.catch((error) => error);
    expect(signal).toBe('SIGKILL');
    await expect.poll(() => answers(stdout.trim()), { timeout: 5_000 }).toBe(false);
  });

  it('says what the server said when it does not start', async () => {
    const dataDir = temp.fresh();
    await mkdir(join(dataDir, 'appendonlydir'));
    await writeFile(join(dataDir, 'appendonlydir', 'appendonly.aof.manifest'), 'not a manifest\n');
    await expect(acquireRedis({ dataDir })).rejects.toMatchObject({
      code: 'FL_REDIS_MISSING',
      reason: expect.stringMatching(/does not start: .*AOF manifest/i),
    });
  });
});

describe('without a Redis', () => {
  it('lists the remedies when nothing is installed or installable', async () => {
    const error = await acquireRedis({ dataDir: temp.fresh(), env: { PATH: '' } }).catch(
      (failure) => failure,
    );
    expect(error).toMatchObject({ code: 'FL_REDIS_MISSING', retryable: false });
    for (const remedy of [
      'apt-get install redis-server',
      'brew install redis',
      'FLYERLINE_REDIS_URL',
      './flyerline run',
    ]) {
      expect(error.message).toContain(remedy);
    }
  });

  it('names a given server that does not answer, without its password', async () => {
    const url = 'redis://:hunter2@127.0.0.1:1';
    const error = await acquireRedis({ url, dataDir: temp.fresh() }).catch((failure) => failure);
    expect(error).toMatchObject({ code: 'FL_REDIS_MISSING', subject: 'Redis at 127.0.0.1:1' });
    expect(error.message).not.toContain('hunter2');
  });

  it('installs it through the package manager when that needs no password', async () => {
    // Of this machine's programs only these are on the PATH: a sudo that asks nothing, and a package manager that
    // installs a server which does not run.
    const bin = temp.fresh();
    await program(join(bin, 'sudo'), 'shift; exec "$@"');
    await program(join(bin, 'apt-get'), `echo "$@" >>${bin}/calls; cp ${bin}/broken ${bin}/redis-server`);
    await program(join(bin, 'broken'), 'exit 1');
    await symlink('/bin/cp', join(bin, 'cp'));
    const told: string[] = [];
    const error = await acquireRedis({
      dataDir: temp.fresh(),
      env: { PATH: bin },
      onProgress: (line) => told.push(line),
    }).catch((failure) => failure);
    expect(await readFile(join(bin, 'calls'), 'utf8')).toMatch(/^update\ninstall --yes .*redis-server\n$/);
    expect(told).toEqual([expect.stringContaining('Installing Redis with apt-get')]);
    expect(error).toMatchObject({ code: 'FL_REDIS_MISSING', subject: `Redis server "${bin}/redis-server"` });
  });
});

async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = connectRedis(url, { name: 'test' });
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

async function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  try {
    return await once(socket, 'connect').then(
      () => true,
      () => false,
    );
  } finally {
    socket.destroy();
  }
}

async function program(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}
