/** The demo, start to end: generate, start, catch up, compare, say so, stop. */
import { once } from 'node:events';
import { relative } from 'node:path';
import type { RunSummary } from '../../engine/run-summary.ts';
import { openStore } from '../../lake/open-store.ts';
import { nightly } from '../../pipelines/nightly.ts';
import { dropsDir } from '../../tasks/generate/out-dir.ts';
import { generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import type { CommonOptions } from '../common-options.ts';
import { EXIT } from '../exit-code.ts';
import { interruptSignal } from '../interrupt.ts';
import type { ProgressStream } from '../terminal/progress.ts';
import { formatCount, ProgressDisplay, styleFor } from '../terminal.ts';
import { type Comparison, compareWithTruth } from './compare.ts';
import { DEMO_DIR_DEFAULT, type DemoDir, prepareDemoDir } from './demo-dir.ts';
import { dwellReport } from './dwell-report.ts';
import { heading, nextReport, servingReport, verdict, whereReport } from './farewell.ts';
import { readMeasuredDay } from './measured-day.ts';
import { type PublishedPartition, readPublished } from './published.ts';
import { countsReport, partitionsReport } from './report.ts';
import type { ReportContext } from './report-section.ts';
import { runsReport } from './runs-report.ts';
import { type DemoStack, startStack } from './stack.ts';
import { watchRuns } from './watch-runs.ts';

export interface DemoCommandOptions extends CommonOptions {
  readonly days: number;
  readonly users: number;
  readonly seed: number;
  readonly keep?: string;
  readonly serve?: boolean;
}

interface DemoResult {
  readonly ok: boolean;
  readonly runs: readonly RunSummary[];
  readonly partitions: readonly PublishedPartition[];
  /** Only when every run succeeded. */
  readonly comparison: Comparison | undefined;
}

export async function runDemo(options: DemoCommandOptions): Promise<void> {
  const startedAtMs = performance.now();
  const stream: ProgressStream = options.json === true ? process.stderr : process.stdout;
  const signal = interruptSignal();
  const dir = prepareDemoDir(options.keep ?? DEMO_DIR_DEFAULT);
  const { truth, days, stack } = await setUp(dir, options, stream, signal);
  try {
    stream.write(`\n${heading(days, contextOf(stream))}\n\n`);
    const runs = await watchRuns({ stack, dag: nightly, days, stream, signal });
    const result = await inspect(dir, truth, runs);
    const durationMs = Math.round(performance.now() - startedAtMs);
    process.exitCode = result.ok ? EXIT.ok : EXIT.failed;
    if (options.json === true) process.stdout.write(`${JSON.stringify({ ...result, durationMs })}\n`);
    else tell(dir, result, stack, options, stream, durationMs);
    if (options.serve && !signal.aborted) await Promise.race([untilAborted(signal), stack.failed]);
  } finally {
    await stack.stop();
  }
}

async function setUp(
  dir: DemoDir,
  options: DemoCommandOptions,
  stream: ProgressStream,
  signal: AbortSignal,
): Promise<{ readonly truth: Truth; readonly days: readonly string[]; readonly stack: DemoStack }> {
  const progress = new ProgressDisplay(stream);
  try {
    const truth = await generate(dir, options, progress, signal);
    const days = truth.days.slice(0, options.days).map(({ day }) => day);
    return { truth, days, stack: await start(dir, days, progress) };
  } finally {
    progress.stop();
  }
}

async function generate(
  dir: DemoDir,
  { days, users, seed }: DemoCommandOptions,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<Truth> {
  progress.update('generate', { label: 'Generate drops', state: 'running' });
  const truth = await generateDrops(
    { out: dir.data, days, users, seed },
    { signal, onProgress: ({ fraction }) => progress.update('generate', { done: fraction, total: 1 }) },
  );
  const note = `${formatCount(truth.totals.rows_read)} rows in ${formatCount(truth.drops.length)} drops`;
  progress.update('generate', { state: 'done', note });
  return truth;
}

async function start(dir: DemoDir, days: readonly string[], progress: ProgressDisplay): Promise<DemoStack> {
  progress.update('start', { label: 'Start Redis and workers', state: 'running' });
  const stack = await startStack({
    dir,
    drops: dropsDir(dir.data),
    dagId: nightly.id,
    firstDay: days[0]!,
    lastDay: days.at(-1)!,
    onProgress: (note) => progress.update('start', { note }),
  });
  progress.update('start', {
    state: 'done',
    note: `${new URL(stack.redisUrl).host}, 1 scheduler, 2 workers`,
  });
  return stack;
}

async function inspect(dir: DemoDir, truth: Truth, runs: readonly RunSummary[]): Promise<DemoResult> {
  const lake = await openStore(dir.lake, { readOnly: true });
  try {
    const days = runs.map(({ day }) => day);
    const succeeded = runs.every(({ state }) => state === 'success');
    const partitions = await readPublished(lake, days);
    const comparison = succeeded
      ? compareWithTruth(truth, await Promise.all(days.map((day) => readMeasuredDay(lake, day))))
      : undefined;
    return { ok: comparison?.ok === true, runs, partitions, comparison };
  } finally {
    await lake.close();
  }
}

function tell(
  dir: DemoDir,
  { runs, partitions, comparison }: DemoResult,
  stack: DemoStack,
  { serve = false }: DemoCommandOptions,
  stream: ProgressStream,
  durationMs: number,
): void {
  const context = contextOf(stream);
  const paths = Object.fromEntries(
    Object.entries(dir).map(([name, path]) => [name, shortPath(path)]),
  ) as unknown as DemoDir;
  const days = runs.map(({ day }) => day);
  const taskIds = nightly.graph.tasks.map(({ id }) => id);
  const sections = [
    runsReport(runs, taskIds, context),
    partitionsReport(partitions, context),
    ...(comparison === undefined
      ? []
      : [countsReport(comparison, context), dwellReport(comparison, context)]),
    whereReport(paths, days, context),
    nextReport(paths, days, serve, context),
    verdict(comparison?.ok === true, durationMs, context),
    ...(serve ? [servingReport(stack, context)] : []),
  ];
  stream.write(`${sections.join('\n\n')}\n`);
}

/** Neither a signal nor the processes started here keep this process from ending; the timer does. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  const staying = setInterval(() => {}, 60_000);
  await once(signal, 'abort');
  clearInterval(staying);
}

function contextOf(stream: ProgressStream): ReportContext {
  return { style: styleFor(stream), columns: stream.columns ?? 100 };
}

/** As one would type it here. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
