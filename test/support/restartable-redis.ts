/** A Redis that can be killed and started again on the same port, with the same append-only file or empty. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findExecutable } from '../../infra/find-executable.ts';
import { freePort } from '../../infra/free-port.ts';
import { connected, connectRedis } from '../../infra/redis.ts';

export interface RestartableRedis {
  readonly url: string;
  /** SIGKILL: what was not synced within the last second may be lost; all is, without an append-only file. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Call it at the top of a `describe`: it runs from before the tests until after them. */
export function useRestartableRedis({ appendOnly = true } = {}): RestartableRedis {
  let port = 0;
  let dataDir = '';
  let server: ChildProcess | undefined;
  const url = () => `redis://127.0.0.1:${port}`;

  const start = async () => {
    const binary = (await findExecutable('redis-server')) ?? (await findExecutable('valkey-server'));
    const settings = {
      port,
      bind: '127.0.0.1',
      dir: dataDir,
      save: '',
      appendonly: appendOnly ? 'yes' : 'no',
      appendfsync: 'everysec',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    server = spawn(binary!, args, { stdio: 'ignore' });
    const client = connectRedis(url(), { name: 'probe', forBlocking: true });
    await connected(client, 20_000);
    client.disconnect();
  };
  const kill = async () => {
    if (server === undefined) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    server = undefined;
  };
  beforeAll(async () => {
    port = await freePort();
    dataDir = await mkdtemp(join(tmpdir(), 'flyerline-redis-'));
    await start();
  });
  afterAll(async () => {
    await kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    get url() {
      return url();
    },
    kill,
    start,
  };
}
