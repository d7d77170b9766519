/** The warm child processes of a worker: as many as it runs attempts at a time, the dead replaced. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../infra/log.ts';
import { type AttemptProcess, type AttemptProcessOptions, startAttemptProcess } from './attempt-process.ts';

export interface AttemptPool {
  /** Lends a process, started if need be. Throws when the pool is closed, or a process cannot start. */
  acquire(): Promise<AttemptProcess>;
  /** Takes it back; a dead one is replaced when the next is asked for. */
  release(process: AttemptProcess): void;
  /** Kills them all, those that run attempts included. */
  close(): Promise<void>;
}

export interface AttemptPoolOptions extends AttemptProcessOptions {
  readonly size: number;
  readonly log: Logger;
}

const START_ATTEMPTS_MAX = 5;
const START_RETRY_MS = 1_000;

/** Resolves when all processes are ready. Throws FL_CONFIG_INVALID when one cannot start. */
export async function startAttemptPool({ size, log, ...options }: AttemptPoolOptions): Promise<AttemptPool> {
  const idle: AttemptProcess[] = [];
  const all = new Set<AttemptProcess>();
  const waiting: PromiseWithResolvers<AttemptProcess>[] = [];
  let starting = 0;
  let started = 0;
  let closed = false;

  const start = async (): Promise<AttemptProcess> => {
    starting += 1;
    try {
      started += 1;
      const process = await startAttemptProcess({
        ...options,
        scratchDir: join(options.scratchDir, `c${started}`),
      });
      if (closed) {
        await process.kill();
        throw new Error('the worker is stopping');
      }
      all.add(process);
      return process;
    } finally {
      starting -= 1;
    }
  };
  const startPatiently = async (): Promise<void> => {
    for (let attempt = 1; !closed; attempt += 1) {
      try {
        return give(await start());
      } catch (error) {
        if (closed) return;
        log.error('A process for attempts does not start.', { attempt, error });
        if (attempt === START_ATTEMPTS_MAX) {
          for (const waiter of waiting.splice(0)) waiter.reject(error);
          return;
        }
        await sleep(START_RETRY_MS * attempt);
      }
    }
  };
  const give = (process: AttemptProcess) => {
    const waiter = waiting.shift();
    if (waiter === undefined) idle.push(process);
    else waiter.resolve(process);
  };
  /** Starts as many as are missing. */
  const fill = () => {
    for (let missing = size - all.size - starting; missing > 0; missing -= 1) void startPatiently();
  };

  await Promise.all(Array.from({ length: size }, async () => idle.push(await start()))).catch(
    async (error: unknown) => {
      closed = true;
      await Promise.all([...all].map((process) => process.kill()));
      throw error;
    },
  );
  return {
    acquire() {
      for (let process = idle.shift(); process !== undefined; process = idle.shift()) {
        if (process.alive) return Promise.resolve(process);
        all.delete(process);
      }
      const waiter = Promise.withResolvers<AttemptProcess>();
      if (closed) waiter.reject(new Error('the worker is stopping'));
      else waiting.push(waiter);
      fill();
      return waiter.promise;
    },
    release(process) {
      if (closed) return;
      if (process.alive) return give(process);
      all.delete(process);
      void process.kill();
      fill();
    },
    async close() {
      closed = true;
      for (const waiter of waiting.splice(0)) waiter.reject(new Error('the worker is stopping'));
      await Promise.all([...all].map((process) => process.kill()));
      await rm(options.scratchDir, { recursive: true, force: true }).catch(() => {});
    },
  };
}
