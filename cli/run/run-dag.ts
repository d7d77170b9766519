/** Runs a DAG with the local executor: progress while it runs, a summary at the end. */
import type { Dag } from '../../engine/dag.ts';
import { runLocally } from '../../engine/local-executor.ts';
import type { RunParams } from '../../engine/params.ts';
import { intervalOfDay, runIdFor } from '../../engine/schedule.ts';
import type { Config, ConfigOverrides } from '../../infra/config.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { silentLogger } from '../../infra/log.ts';
import { newPreviewId } from '../../lake/preview/preview-id.ts';
import { findDag } from '../../pipelines/find-dag.ts';
import { closeServices, createServices } from '../../pipelines/services.ts';
import { compareMerchants } from '../../tasks/compare-merchants.ts';
import type { Services } from '../../tasks/services.ts';
import { commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { EXIT } from '../exit-code.ts';
import { interruptSignal } from '../interrupt.ts';
import { beginPreviewOf, previewHint } from '../preview/begin-preview.ts';
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
  /** It computes for a preview of its own. */
  readonly stage: boolean;
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
  // In one process, attempts wait for the disk and for JavaScript's only thread: one more than a worker's keeps the cores busy.
  const attemptsAtOnce = config.engine.workerConcurrency + 1;
  const services = await createServices(config, attemptsAtOnce);
  const progress = new RunProgress(dag.graph);
  try {
    const staged = options.stage ? await stageRun(dag, services, config, options) : undefined;
    const notifier =
      options.notify && staged === undefined
        ? await notifyOfRun({ dag, day: options.date, config, lake: services.lake, log: verboseLog })
        : undefined;
    const summary = await runLocally(dag, {
      day: options.date,
      params: { ...paramsOf(config, dagId, options), ...staged?.params },
      ...(staged === undefined ? {} : { runId: staged.runId }),
      services,
      log,
      scratchDir: config.scratchDir,
      maxParallel: attemptsAtOnce,
      signal,
      onEvent: (event) => {
        progress.show(event);
        notifier?.onEvent(event);
      },
    });
    progress.stop();
    // Who interrupts a run knows of it.
    if (!signal.aborted) await notifier?.end(summary);
    const report = reportOf(summary, config, staged?.id);
    if (!json) process.stdout.write(`${describeReport(report)}\n`);
    const about = { dag, summary, services, config, day: options.date, isAsked: options.restate, signal };
    const late = signal.aborted || staged !== undefined ? undefined : await restateLateDays(about);
    if (json) process.stdout.write(`${JSON.stringify({ ...report, ...late })}\n`);
    else if (report.outcome === 'staged') process.stdout.write(`\n${previewHint(staged!.id)}\n`);
    else if (late !== undefined && lateText(late) !== '') process.stdout.write(`${lateText(late)}\n`);
    const isWell =
      report.state === 'success' && (late?.restated ?? []).every(({ state }) => state === 'success');
    process.exitCode = signal.aborted ? EXIT.interrupted : isWell ? EXIT.ok : EXIT.failed;
  } finally {
    progress.stop();
    await closeServices(services);
  }
}

function paramsOf(config: Config, dagId: string, { param, force }: RunCommandOptions): RunParams {
  return { ...config.dags[dagId]?.params, ...param, ...(force ? { force: true } : {}) };
}

/** Throws FL_USAGE for a DAG whose runs know no previews. */
async function stageRun(dag: Dag, { lake }: Services, config: Config, options: RunCommandOptions) {
  const id = newPreviewId(Date.now());
  if (!dag.definitions.has(compareMerchants.name)) throw notStaged(dag.id);
  const given = { ...paramsOf(config, dag.id, options), preview: id };
  await beginPreviewOf(lake, { id, dagId: dag.id, days: [options.date], params: given });
  const runId = `${runIdFor('manual', intervalOfDay(dag.options, options.date))}__${id}`;
  return { id, runId, params: { preview: id } };
}

function notStaged(dagId: string): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: `DAG "${dagId}"`,
    reason: 'makes nothing that could be computed aside',
    remedy: 'use --stage with nightly, or leave it out',
    retryable: false,
  });
}

function overridesOf({ drops, lake, memoryLimit, threads }: RunCommandOptions): ConfigOverrides {
  return {
    ...(drops === undefined ? {} : { drops }),
    ...(lake === undefined ? {} : { lake }),
    ...(memoryLimit === undefined ? {} : { memoryLimitBytes: memoryLimit }),
    ...(threads === undefined ? {} : { threads }),
  };
}
