/** `explain task`, `explain run`: why they wait, were skipped, are tried again, failed, are late. */
import { explainDeadlines } from '../../engine/notify/explain-deadlines.ts';
import { redisExplainer } from '../../engine/redis-explain.ts';
import { dags } from '../../pipelines/index.ts';
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
    const dag = dags.find(({ id }) => id === dagId);
    const deadlines = dag === undefined ? [] : await explainDeadlines(engine, dag, runId, Date.now());
    if (json)
      return void process.stdout.write(`${JSON.stringify({ dagId, runId, ...explained, deadlines })}\n`);
    const lines = [
      explained.sentence,
      ...deadlines,
      ...explained.tasks.map(({ sentence }) => `  ${sentence}`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}
