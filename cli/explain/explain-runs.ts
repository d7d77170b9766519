/** `explain task`, `explain run`: why they wait, were skipped, are tried again, failed. */
import { redisExplainer } from '../../engine/redis-explain.ts';
import type { CommonOptions } from '../common-options.ts';
import { withEngine } from '../engine/with-engine.ts';

export interface ExplainTaskOptions extends CommonOptions {
  readonly mapIndex?: number;
}

export async function explainTask(
  dagId: string,
  runId: string,
  taskId: string,
  options: ExplainTaskOptions,
): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const { mapIndex } = options;
    const key = { taskId, ...(mapIndex === undefined ? {} : { mapIndex }) };
    const sentence = await redisExplainer(engine).explainTask({ dagId, runId }, key);
    process.stdout.write(json ? `${JSON.stringify({ dagId, runId, ...key, sentence })}\n` : `${sentence}\n`);
  });
}

export async function explainRun(dagId: string, runId: string, options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const explained = await redisExplainer(engine).explainRun({ dagId, runId });
    if (json) return void process.stdout.write(`${JSON.stringify({ dagId, runId, ...explained })}\n`);
    const lines = [explained.sentence, ...explained.tasks.map(({ sentence }) => `  ${sentence}`)];
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}
