/** `scheduler` and `worker`: one process in the foreground, ended by signals. */
import { untilSignalled } from '../../workers/run-as-process.ts';
import { startScheduler } from '../../workers/scheduler.ts';
import { startWorker } from '../../workers/worker.ts';
import { commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { redisInUse } from './with-engine.ts';

export interface SchedulerCommandOptions extends CommonOptions {
  readonly pipelines?: string;
}

export interface WorkerCommandOptions extends SchedulerCommandOptions {
  readonly queue: readonly string[];
  readonly concurrency?: number;
}

export async function runScheduler(options: SchedulerCommandOptions): Promise<void> {
  const { config } = commandContext(options);
  const { url, prefix } = redisInUse(config);
  const settings = { ...config, redisPrefix: prefix };
  await untilSignalled(await startScheduler(settings, { redisUrl: url, ...pipelinesOf(options) }));
}

export async function runWorker(options: WorkerCommandOptions): Promise<void> {
  const { concurrency, queue } = options;
  const engine = concurrency === undefined ? {} : { engine: { workerConcurrency: concurrency } };
  const { config } = commandContext(options, engine);
  const { url, prefix } = redisInUse(config);
  const settings = { ...config, redisPrefix: prefix };
  const queues = queue.length === 0 ? {} : { queues: queue };
  await untilSignalled(await startWorker(settings, { redisUrl: url, ...queues, ...pipelinesOf(options) }));
}

function pipelinesOf({ pipelines }: SchedulerCommandOptions): { pipelines?: string } {
  return pipelines === undefined ? {} : { pipelines };
}
