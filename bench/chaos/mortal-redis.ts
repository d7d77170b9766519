/** A Redis of the drill's own that is killed, frozen, and started again on the same port with the same append-only file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connected, connectRedis } from '../../infra/redis.ts';

export interface MortalRedis {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: what was acknowledged within the last second may be forgotten. */
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

const START_TIMEOUT_MS = 20_000;

export async function startMortalRedis(binary: string, port: number, dir: string): Promise<MortalRedis> {
  await mkdir(dir, { recursive: true });
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  const killNow = () => server?.kill('SIGKILL');
  const settings = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'yes', appendfsync: 'everysec' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const start = async () => {
    if (server !== undefined) return;
    server = spawn(binary, args, { stdio: 'ignore' });
    server.on('error', () => {});
    const client = connectRedis(url, { name: 'start', forBlocking: true });
    await connected(client, START_TIMEOUT_MS);
    client.disconnect();
  };
  // It must not outlive the drill, however that ends.
  process.once('exit', killNow);
  await start();
  return {
    port,
    url,
    start,
    async kill() {
      if (server === undefined) return;
      const gone = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined;
      server.kill('SIGKILL');
      await gone;
      server = undefined;
    },
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
  };
}
