/** Another client of the same Redis, as a process of its own: how long does it wait while the engine is busy? */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '../../infra/redis.ts';

export interface WaitFigures {
  readonly asked: number;
  /** ms, of the client: its own process may have had to wait for a CPU, too. */
  readonly worstMs: number;
  readonly p99Ms: number;
}

/** Asks every few ms until `stop`. */
export function startProbe(redisUrl: string): { stop(): Promise<WaitFigures> } {
  const child = fork(import.meta.filename, [redisUrl], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    async stop() {
      child.send('stop');
      const [figures] = (await once(child, 'message')) as [WaitFigures];
      return figures;
    },
  };
}

async function probe(redisUrl: string): Promise<void> {
  const redis = connectRedis(redisUrl, { name: 'probe' });
  const waits: number[] = [];
  let stopped = false;
  process.on('message', () => {
    stopped = true;
  });
  while (!stopped) {
    const startMs = performance.now();
    await redis.ping();
    waits.push(performance.now() - startMs);
    await sleep(2);
  }
  const sorted = waits.toSorted((a, b) => a - b);
  redis.disconnect();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const figures: WaitFigures = { asked: waits.length, worstMs: at(1), p99Ms: at(0.99) };
  process.send!(figures, undefined, undefined, () => process.disconnect());
}

if (import.meta.main) await probe(process.argv[2]!);
