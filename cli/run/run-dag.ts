/** Runs a DAG with the local executor: progress while it runs, a summary at the end. */
import { runLocally } from '../../engine/local-executor.ts';
import type { ConfigOverrides } from '../../infra/config.ts';
import { silentLogger } from '../../infra/log.ts';
import { findDag } from '../../pipelines/find-dag.ts';
import { closeServices, createServices } from '../../pipelines/services.ts';
import { commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { EXIT } from '../exit-code.ts';
import { interruptSignal } from '../interrupt.ts';
import { describeReport } from './describe-report.ts';
import { notifyOfRun } from './notify-run.ts';
import { lateText, restateLateDays } from './restate-late-days.ts';
import { RunProgress } from './run-progress.ts';
import { reportOf } from './run-report.ts';

export interface RunCommandOptions extends CommonOptions {
  readonly date: string;
  readonly drops?: string;
  readonly lake?: string;
  readonly param: Readonly<Record<string, unknown>>;
  readonly force: boolean;
  /** Earlier days that late drops have made stale are made again. */
  readonly restate: boolean;
  /** False: people are not told of the run. */
  readonly notify: boolean;
  readonly memoryLimit?: number;
  readonly threads?: number;
}

export async function runDag(dagId: string, options: RunCommandOptions): Promise<void> {
  const dag = findDag(dagId);
  const { config, json, log: verboseLog } = commandContext(options, overridesOf(options));
  // Progress and report tell what the tasks would log.
  const log = options.verbose === true ? verboseLog : silentLogger;
  const signal = interruptSignal();
  const services = await createServices(config);
  const progress = new RunProgress(dag.graph);
  try {
    const notifier = options.notify
      ? await notifyOfRun({ dag, day: options.date, config, lake: services.lake, log: verboseLog })
      : undefined;
    const summary = await runLocally(dag, {
      day: options.date,
      params: { ...config.dags[dagId]?.params, ...options.param, ...(options.force ? { force: true } : {}) },
      services,
      log,
      scratchDir: config.scratchDir,
      maxParallel: config.engine.workerConcurrency,
      signal,
      onEvent: (event) => {
        progress.show(event);
        notifier?.onEvent(event);
      },
    });
    progress.stop();
    // Who interrupts a run knows of it.
    if (!signal.aborted) await notifier?.end(summary);
    const report = reportOf(summary, config);
    if (!json) process.stdout.write(`${describeReport(report)}\n`);
    const about = { dag, summary, services, config, day: options.date, isAsked: options.restate, signal };
    const late = signal.aborted ? undefined : await restateLateDays(about);
    if (json) process.stdout.write(`${JSON.stringify({ ...report, ...late })}\n`);
    else if (late !== undefined && lateText(late) !== '') process.stdout.write(`${lateText(late)}\n`);
    const isWell =
      report.state === 'success' && (late?.restated ?? []).every(({ state }) => state === 'success');
    process.exitCode = signal.aborted ? EXIT.interrupted : isWell ? EXIT.ok : EXIT.failed;
  } finally {
    progress.stop();
    await closeServices(services);
  }
}

function overridesOf({ drops, lake, memoryLimit, threads }: RunCommandOptions): ConfigOverrides {
  return {
    ...(drops === undefined ? {} : { drops }),
    ...(lake === undefined ? {} : { lake }),
    ...(memoryLimit === undefined ? {} : { memoryLimitBytes: memoryLimit }),
    ...(threads === undefined ? {} : { threads }),
  };
}
