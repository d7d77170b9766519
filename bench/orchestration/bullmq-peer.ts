/**
 * Plain BullMQ on the same Redis, for comparison: flows (trees of jobs) in two worker processes with inline processors. No DAG, no
 * attempts of its own, no process per attempt: it says what the transport alone costs.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type FlowJob, FlowProducer, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectRedis } from '../../infra/redis.ts';

export interface BullPeer {
  /** A chain of so many jobs; resolves when the last has ended. */
  chain(length: number): Promise<void>;
  /** So many jobs, and one that waits for all. */
  fanOut(width: number): Promise<void>;
  stop(): Promise<void>;
}

const QUEUE = 'peer';
const PREFIX = 'bullpeer';
const JOB = { removeOnComplete: true, removeOnFail: true } as const;

export async function startBullPeer(
  redisUrl: string,
  size: { readonly workers: number; readonly concurrency: number },
): Promise<BullPeer> {
  const connection = connectRedis(redisUrl, { name: 'peer', forBlocking: true });
  const children = await Promise.all(
    Array.from({ length: size.workers }, () => startWorkerProcess(redisUrl, size.concurrency)),
  );
  const flows = new FlowProducer({ connection, prefix: PREFIX });
  const events = new QueueEvents(QUEUE, { connection, prefix: PREFIX });
  await events.waitUntilReady();
  let made = 0;
  const waiting = new Map<string, () => void>();
  events.on('completed', ({ jobId }) => waiting.get(jobId)?.());
  /** The root of a flow runs last. */
  const ended = async (flow: FlowJob) => {
    made += 1;
    const jobId = `root-${made}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(jobId, resolve);
    await flows.add({ ...flow, opts: { ...JOB, jobId } });
    await promise;
    waiting.delete(jobId);
  };
  return {
    chain(length) {
      let flow: FlowJob = { name: 'step', queueName: QUEUE, opts: JOB };
      for (let n = 1; n < length; n += 1) {
        flow = { name: 'step', queueName: QUEUE, opts: JOB, children: [flow] };
      }
      return ended(flow);
    },
    fanOut: (width) =>
      ended({
        name: 'join',
        queueName: QUEUE,
        children: Array.from({ length: width }, () => ({ name: 'each', queueName: QUEUE, opts: JOB })),
      }),
    async stop() {
      for (const child of children) {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      await events.close();
      await flows.close();
      await forget(connection);
      connection.disconnect();
    },
  };
}

async function startWorkerProcess(redisUrl: string, concurrency: number): Promise<ChildProcess> {
  const child = fork(import.meta.filename, [redisUrl, String(concurrency)]);
  await once(child, 'message');
  return child;
}

/** What it leaves must not count as memory of ours. */
async function forget(redis: Redis): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${PREFIX}:*`, count: 1_000 }) as AsyncIterable<
    string[]
  >) {
    if (keys.length > 0) await redis.unlink(...keys);
  }
}

async function work(redisUrl: string, concurrency: number): Promise<void> {
  const connection = connectRedis(redisUrl, { name: 'peer-worker', forBlocking: true });
  const worker = new Worker(QUEUE, async () => {}, { connection, prefix: PREFIX, concurrency });
  worker.on('error', () => {});
  await worker.waitUntilReady();
  process.on('disconnect', () => process.exit(0));
  process.send!('ready');
}

if (import.meta.main) await work(process.argv[2]!, Number(process.argv[3]));
