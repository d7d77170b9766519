/** `trigger`: asks for a run of a day by hand; workers run it. */
import { runReader } from '../../engine/redis-read-model.ts';
import { runStore } from '../../engine/run-store.ts';
import type { RunView } from '../../engine/run-view.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { findDag } from '../../pipelines/find-dag.ts';
import type { CommonOptions } from '../common-options.ts';
import { EXIT } from '../exit-code.ts';
import { PROGRAM } from '../help.ts';
import { interruptSignal } from '../interrupt.ts';
import { style } from '../terminal.ts';
import { runText } from './run-text.ts';
import { withEngine } from './with-engine.ts';

export interface TriggerOptions extends CommonOptions {
  readonly date: string;
  readonly param: Readonly<Record<string, unknown>>;
  readonly note?: string;
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly wait: boolean;
}

export async function triggerRun(dagId: string, options: TriggerOptions): Promise<void> {
  const dag = findDag(dagId);
  await withEngine(options, async (engine, { config, json }) => {
    const run = newRun(dag, {
      kind: 'manual',
      interval: intervalOfDay(dag.options, options.date),
      params: { ...config.dags[dagId]?.params, ...options.param },
      ...(options.note === undefined ? {} : { note: options.note }),
      ...(options.conf === undefined ? {} : { conf: options.conf }),
    });
    const ref = { dagId, runId: run.runId };
    const { inserted } = await runStore(engine).insertRun(run);
    if (!inserted) {
      const hint = `${PROGRAM} runs clear ${dagId} ${run.runId} --yes`;
      process.stderr.write(
        `${style.yellow('–')} ${run.runId} is there already; run it again with: ${hint}\n`,
      );
    }
    const reader = runReader(engine);
    const view = options.wait ? await waitForEnd(reader, ref) : await reader.getRun(ref);
    if (json) process.stdout.write(`${JSON.stringify({ inserted, run: view })}\n`);
    else if (options.wait) process.stdout.write(`${runText(view)}\n`);
    else process.stdout.write(`${style.green('✓')} ${dagId} ${run.runId} ${view.state}\n`);
    if (options.wait && view.state !== 'success') process.exitCode = EXIT.failed;
  });
}

/** Ctrl-C ends the waiting, not the run. */
async function waitForEnd(
  reader: ReturnType<typeof runReader>,
  ref: { readonly dagId: string; readonly runId: string },
): Promise<RunView> {
  const signal = interruptSignal();
  for await (const runs of reader.watchRuns({ dagId: ref.dagId, limit: 500 }, { pollMs: 500, signal })) {
    const run = runs.find(({ runId }) => runId === ref.runId);
    if (run?.state === 'success' || run?.state === 'failed') return run;
  }
  process.exitCode = EXIT.interrupted;
  return reader.getRun(ref);
}
