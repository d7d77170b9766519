/** Follows the demo's runs to their end, and shows them while they go on. */
import type { Dag } from '../../engine/dag.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { runReader } from '../../engine/redis-read-model.ts';
import type { RunSummary } from '../../engine/run-summary.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { connectRedis } from '../../infra/redis.ts';
import type { ProgressStream } from '../terminal/progress.ts';
import { styleFor } from '../terminal.ts';
import { LiveBlock } from './live-block.ts';
import { type GridContext, gridNews, runGrid } from './run-grid.ts';
import type { DemoStack } from './stack.ts';

export interface WatchOptions {
  readonly stack: DemoStack;
  readonly dag: Dag;
  readonly days: readonly string[];
  readonly stream: ProgressStream;
  readonly signal: AbortSignal;
}

/** All runs together may take this long, however many days: nobody watches a demo for longer. */
const TIMEOUT_MS = 30 * 60_000;

/** Resolves when every day has a run and all have ended, in the order of days. Throws when the stack falls over. */
export async function watchRuns(options: WatchOptions): Promise<readonly RunSummary[]> {
  const { stack, dag, days, stream } = options;
  const redis = connectRedis(stack.redisUrl, { name: 'demo' });
  const ended = new AbortController();
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const signal = AbortSignal.any([options.signal, ended.signal, late]);
  const taskIds = dag.graph.tasks.map(({ id }) => id);
  const context = (frame: number): GridContext => ({
    columns: stream.columns ?? 100,
    style: styleFor(stream),
    frame,
  });
  const runs = new Map<string, RunSummary>();
  const block = new LiveBlock((frame) => runGrid(days, runs, taskIds, context(frame)), stream);

  const follow = async () => {
    const reader = runReader(redisEngine({ redis, prefix: stack.redisPrefix }));
    for await (const seen of reader.watchRuns({ dagId: dag.id, limit: days.length }, { signal })) {
      for (const run of seen) {
        for (const line of gridNews(runs.get(run.day), run, context(0))) block.news(line);
        runs.set(run.day, run);
      }
      if (days.every((day) => hasEnded(runs.get(day)))) return;
    }
    options.signal.throwIfAborted();
    throw tookTooLong(dag.id);
  };
  try {
    await Promise.race([follow(), stack.failed]);
  } finally {
    ended.abort();
    redis.disconnect();
    block.stop();
  }
  return days.map((day) => runs.get(day)!);
}

function hasEnded(run: RunSummary | undefined): boolean {
  return run?.state === 'success' || run?.state === 'failed';
}

function tookTooLong(dagId: string): FlyerlineError {
  return new FlyerlineError('FL_INTERNAL', {
    subject: `The demo's runs of "${dagId}"`,
    reason: `have not ended within ${TIMEOUT_MS / 60_000} minutes`,
    remedy: "see the logs in the demo's folder",
  });
}
