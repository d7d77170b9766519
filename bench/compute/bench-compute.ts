/** Runs all contenders over all datasets, one at a time, and compares what they find and what they cost. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { describeEnvironment } from '../support/environment.ts';
import { judge } from './bars.ts';
import { type Contender, contendersOf } from './contenders.ts';
import { BENCH_DIR, type Dataset, prepareDataset, warm } from './dataset.ts';
import type { InputFormat } from './formats.ts';
import type { ComputeOptions } from './options.ts';
import { Race } from './race.ts';
import type { ComputeResult, DatasetResult } from './result.ts';
import { measureSmallDay } from './small-day.ts';

/** Shows what is going on: an item has an id that stays and a label. */
export interface ComputeHooks {
  readonly onStep: (id: string, step: Step) => void;
  readonly signal: AbortSignal;
}

export interface Step {
  readonly label: string;
  readonly state: 'running' | 'done' | 'failed' | 'skipped';
  readonly done?: number;
  readonly total?: number;
  readonly note?: string;
}

export async function benchCompute(options: ComputeOptions, hooks: ComputeHooks): Promise<ComputeResult> {
  const environment = describeEnvironment(PROJECT_ROOT);
  const contenders = contendersOf(options);
  const missing = await findMissing(contenders, hooks);
  const workDir = join(BENCH_DIR, `work-${process.pid}`);
  try {
    const smallDay = options.smallDay ? await runSmallDay(join(workDir, 'small-day'), hooks) : undefined;
    const datasets: DatasetResult[] = [];
    for (const events of options.events) {
      for (const format of options.formats) {
        const dataset = await prepare(events, format, hooks);
        datasets.push(await raceOver(dataset, { contenders, missing, options, workDir, hooks }));
      }
    }
    const states = datasets.flatMap((result) => result.contenders.map(({ state }) => state));
    return {
      benchmark: 'compute',
      environment,
      datasets,
      ...(smallDay === undefined ? {} : { smallDay }),
      bars: judge(datasets, smallDay),
      ok: smallDay?.state !== 'failed' && !states.includes('failed') && !states.includes('different'),
    };
  } finally {
    await rm(workDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Reasons by contender. Python's packages are installed here, before anything is measured. */
async function findMissing(
  contenders: readonly Contender[],
  { onStep }: ComputeHooks,
): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  for (const { name, findMissing } of contenders) {
    const install = { label: `install ${name}` };
    let isInstalling = false;
    const reason = await findMissing(() => {
      isInstalling = true;
      onStep(install.label, { ...install, state: 'running' });
    });
    if (reason !== undefined) missing.set(name, reason);
    if (isInstalling) onStep(install.label, { ...install, state: reason === undefined ? 'done' : 'failed' });
  }
  return missing;
}

async function prepare(
  events: number,
  format: InputFormat,
  { onStep, signal }: ComputeHooks,
): Promise<Dataset> {
  const label = `generate ${describeDay(events, format)}`;
  let isGenerating = false;
  const dataset = await prepareDataset(events, format, {
    signal,
    onProgress: (fraction) => {
      isGenerating = true;
      onStep(label, { label, state: 'running', done: fraction, total: 1 });
    },
  });
  if (isGenerating) onStep(label, { label, state: 'done' });
  return dataset;
}

interface RaceParts {
  readonly contenders: readonly Contender[];
  readonly missing: ReadonlyMap<string, string>;
  readonly options: ComputeOptions;
  readonly workDir: string;
  readonly hooks: ComputeHooks;
}

/** Runs take turns, so that a slow minute of the machine hits all contenders alike. */
async function raceOver(
  dataset: Dataset,
  { contenders, missing, options, workDir, hooks }: RaceParts,
): Promise<DatasetResult> {
  const { onStep, signal } = hooks;
  const runCount = options.runs ?? (dataset.events <= 10_000_000 ? 3 : 1);
  const race = new Race(dataset, contenders, missing, {
    workDir,
    threads: availableParallelism(),
    signal,
  });
  await warm(dataset);
  for (let run = 0; run < runCount; run++) {
    for (const contender of contenders) {
      const id = `${describeDay(dataset.events, dataset.format)} ${contender.name}`;
      const step = { label: id, done: run, total: runCount };
      onStep(id, { ...step, state: 'running' });
      const { state, note, output } = await race.run(contender);
      onStep(id, {
        ...step,
        done: run + 1,
        state: STEP_STATE[state] ?? (run + 1 === runCount ? 'done' : 'running'),
        note,
      });
      if (options.keep !== undefined && output !== undefined) {
        await keep(output, join(options.keep, `${dataset.events}-${dataset.format}`, contender.name));
      }
    }
  }
  const { drops: _drops, ...described } = dataset;
  return { dataset: described, contenders: race.results() };
}

const STEP_STATE = { ok: undefined, different: 'failed', failed: 'failed', 'not run': 'skipped' } as const;

async function keep(output: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(output, folder, { recursive: true });
}

async function runSmallDay(workDir: string, { onStep, signal }: ComputeHooks) {
  const label = 'small day';
  onStep(label, { label, state: 'running' });
  await mkdir(workDir, { recursive: true });
  const result = await measureSmallDay(workDir, signal);
  onStep(label, { label, state: result.state === 'ok' ? 'done' : 'failed' });
  return result;
}

function describeDay(events: number, format: InputFormat): string {
  return `${events / 1_000_000} M ${format}`;
}
