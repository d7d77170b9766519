/** `runs list`, `runs show`: what has run and what runs. */
import { runReader } from '../../engine/redis-read-model.ts';
import { RUN_STATES, type RunState } from '../../engine/states.ts';
import type { CommonOptions } from '../common-options.ts';
import { runsTable, runText } from './run-text.ts';
import { withEngine } from './with-engine.ts';

export interface ListRunsOptions extends CommonOptions {
  readonly state?: RunState;
  readonly limit: number;
}

export const STATES_OF_RUNS = RUN_STATES;

export async function listRuns(dagId: string | undefined, options: ListRunsOptions): Promise<void> {
  const { state, limit } = options;
  await withEngine(options, async (engine, { json }) => {
    const query = {
      limit,
      ...(dagId === undefined ? {} : { dagId }),
      ...(state === undefined ? {} : { state }),
    };
    const runs = await runReader(engine).listRuns(query);
    process.stdout.write(json ? `${JSON.stringify({ runs })}\n` : `${runsTable(runs)}\n`);
  });
}

export async function showRun(dagId: string, runId: string, options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { json }) => {
    const reader = runReader(engine);
    const run = await reader.getRun({ dagId, runId });
    if (!json) return void process.stdout.write(`${runText(run)}\n`);
    const pastAttempts = await reader.listPastAttempts({ dagId, runId });
    process.stdout.write(`${JSON.stringify({ run, pastAttempts })}\n`);
  });
}
