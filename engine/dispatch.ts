/**
 * Hands attempts to BullMQ, which carries them to a worker. The job is only a doorbell: its id is the attempt id, it holds no
 * data, it is tried once and leaves nothing behind. What happens to the attempt is decided by its claim, so a job that comes
 * twice, late or not at all changes nothing but time.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Logger, silentLogger } from '../infra/log.ts';
import type { ReadyAttempt, RedisEngine } from './redis-engine.ts';
import { engineKeys } from './redis-keys.ts';

export interface Dispatcher {
  /** Adds the attempts in the background, one round trip a queue. A failure is logged: the next sweep dispatches them again. */
  readonly dispatch: (ready: readonly ReadyAttempt[]) => void;
  /** Ends once everything handed over so far is with BullMQ, or has failed. */
  settled(): Promise<void>;
  /** Leaves the Redis connection open: it was lent. */
  close(): Promise<void>;
}

export interface DispatcherOptions {
  /** Shared with BullMQ: needs `maxRetriesPerRequest: null`. */
  readonly redis: Redis;
  readonly prefix: string;
  readonly log?: Logger;
}

export const JOB_NAME = 'attempt';
const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;
/** BullMQ keeps a stream of events per queue; nothing here reads it. */
const EVENTS_LENGTH_MAX = 100;

export function dispatcher({ redis, prefix, log = silentLogger }: DispatcherOptions): Dispatcher {
  const { bull } = engineKeys(prefix);
  const queues = new Map<string, Queue>();
  const queueOf = (name: string): Queue => {
    let queue = queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, {
        connection: redis,
        prefix: bull,
        streams: { events: { maxLen: EVENTS_LENGTH_MAX } },
        skipVersionCheck: true,
      });
      queue.on('error', (error) => log.warn('The queue has a problem.', { queue: name, error }));
      queues.set(name, queue);
    }
    return queue;
  };
  const pending = new Set<Promise<unknown>>();

  return {
    dispatch(ready) {
      for (const [name, attempts] of Map.groupBy(ready, ({ queue }) => queue)) {
        const adding = queueOf(name)
          .addBulk(attempts.map(toJob))
          .catch((error: unknown) =>
            log.warn('Attempts could not be dispatched yet.', { queue: name, error }),
          )
          .finally(() => pending.delete(adding));
        pending.add(adding);
      }
    },
    async settled() {
      await Promise.all(pending);
    },
    async close() {
      await Promise.all(pending);
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** BullMQ's priorities run from 1, first, to 2^21; jobs without one would overtake all others. */
const PRIORITY_MIDDLE = 2 ** 20;

function toJob({ id, priority }: ReadyAttempt) {
  const bullPriority = Math.min(2 ** 21, Math.max(1, PRIORITY_MIDDLE - priority));
  return { name: JOB_NAME, data: {}, opts: { ...JOB_OPTIONS, jobId: id, priority: bullPriority } };
}

/** What a sweep found. */
export interface Sweep {
  /** When the next retry or poke is due, epoch ms; undefined when none waits. */
  readonly nextDueMs: number | undefined;
}

const SWEEP_MAX = 500;

/**
 * Dispatches what is due: retries whose time has come, attempts for which a slot has become free, attempts that nobody has
 * claimed in time; and begins runs that may. Through the engine's `onReady`.
 */
export async function sweep(engine: RedisEngine): Promise<Sweep> {
  const reply = await engine.transition('take-outbox', [SWEEP_MAX]);
  const nextDue = reply.values?.[0];
  return { nextDueMs: nextDue === '' || nextDue === undefined ? undefined : Number(nextDue) };
}
