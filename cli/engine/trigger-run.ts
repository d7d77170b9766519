/** `trigger`: asks for a run of a day by hand; workers run it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunReader, runReader } from '../../engine/redis-read-model.ts';
import { type RunRef, runStore } from '../../engine/run-store.ts';
import type { RunView } from '../../engine/run-view.ts';
import { intervalOfDay } from '../../engine/schedule.ts';
import { newRun } from '../../engine/scheduler-loop.ts';
import { findDag } from '../../pipelines/find-dag.ts';
import { loadPipelines, OWN_PIPELINES } from '../../workers/load-pipelines.ts';
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
  /** Path of a module. @default the project's own */
  readonly pipelines?: string;
  readonly wait: boolean;
}

export async function triggerRun(dagId: string, options: TriggerOptions): Promise<void> {
  const dag = findDag(dagId, (await loadPipelines(options.pipelines ?? OWN_PIPELINES)).dags);
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
    if (options.wait && view.state !== 'success') process.exitCode ??= EXIT.failed;
  });
}

const POLL_MS = 500;

/** Ctrl-C ends the waiting, not the run. */
async function waitForEnd(reader: RunReader, ref: RunRef): Promise<RunView> {
  const signal = interruptSignal();
  for (;;) {
    const run = await reader.getRun(ref);
    if (run.state === 'success' || run.state === 'failed') return run;
    if (signal.aborted) {
      process.exitCode = EXIT.interrupted;
      return run;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}
