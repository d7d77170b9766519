/** `bench orchestration`: measures one scenario after another on one stack; tables or JSON at the end. */
import type { CommonOptions } from '../../cli/common-options.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { interruptSignal } from '../../cli/interrupt.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { formatCount, ProgressDisplay, style, table } from '../../cli/terminal.ts';
import { describeEnvironment } from '../support/environment.ts';
import {
  besideOurs,
  type Figure,
  isMet,
  type OrchestrationResult,
  type ScenarioName,
  type ScenarioResult,
} from './result.ts';
import { SCENARIOS, type Sizes } from './scenarios.ts';
import { startStack, WORKERS } from './stack.ts';

export interface OrchestrationOptions extends CommonOptions, Sizes {
  readonly only: readonly ScenarioName[];
  readonly skip: readonly ScenarioName[];
  readonly concurrency: number;
}

export async function runOrchestration(options: OrchestrationOptions): Promise<void> {
  const signal = interruptSignal();
  const environment = describeEnvironment(PROJECT_ROOT);
  const measured: ScenarioResult[] = [];
  const progress = new ProgressDisplay();
  progress.update('start', { label: 'Start Redis, a scheduler and two workers', state: 'running' });
  const stack = await startStack(options.concurrency);
  try {
    progress.update('start', { state: 'done' });
    for (const { name, title, measure } of SCENARIOS) {
      if (options.skip.includes(name)) continue;
      if (options.only.length > 0 && !options.only.includes(name)) continue;
      signal.throwIfAborted();
      progress.update(name, { label: title, state: 'running' });
      const found = await measure(stack, options, signal);
      measured.push({
        name,
        title,
        ...('missing' in found ? { figures: [], ...found } : { figures: found }),
      });
      progress.update(name, { state: 'done' });
    }
  } finally {
    progress.stop();
    await stack.stop();
  }
  const scenarios = besideOurs(measured);
  const ok = scenarios.every(({ figures }) => figures.every(isMet));
  const { concurrency } = options;
  const result: OrchestrationResult = {
    benchmark: 'orchestration',
    environment,
    workers: WORKERS,
    concurrency,
    scenarios,
    ok,
  };
  process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
  process.exitCode = ok ? EXIT.ok : EXIT.failed;
}

function describe({ environment, workers, concurrency, scenarios }: OrchestrationResult): string {
  const { cpuModel, cpuCount, node, loadAverage } = environment;
  const head = `${cpuCount} × ${cpuModel}, Node.js ${node}, ${workers} workers with ${concurrency} attempts each`;
  const busy = style.yellow(`The machine was busy (load ${loadAverage.toFixed(1)}): times are too long.`);
  const parts = scenarios.map(
    ({ title, figures, missing }) =>
      `${style.bold(title)}\n${missing === undefined ? figuresTable(figures) : `cannot run here: ${missing}`}`,
  );
  return [
    '',
    style.dim(head),
    ...(loadAverage > 0.5 ? [busy] : []),
    ...parts.flatMap((part) => ['', part]),
    ...sourcesOf(scenarios),
  ].join('\n');
}

function sourcesOf(scenarios: readonly ScenarioResult[]): readonly string[] {
  const sources = new Set(scenarios.flatMap(({ figures }) => figures.flatMap(({ source }) => source ?? [])));
  return sources.size === 0
    ? []
    : ['', style.dim('Published by others at:'), ...[...sources].map((url) => style.dim(`  ${url}`))];
}

function figuresTable(figures: readonly Figure[]): string {
  return table(figures, [
    { header: '', value: (figure) => signOf(figure) },
    { header: '', value: ({ title }) => title },
    { header: 'measured', value: ({ value, unit }) => `${rounded(value)} ${unit}`, align: 'right' },
    { header: 'promised', value: promised, align: 'right' },
    figures.some(({ times }) => times !== undefined)
      ? { header: 'beside ours', value: besideText, align: 'right' }
      : { header: 'published by others', value: ({ published }) => published ?? ' ' },
  ]);
}

function signOf(figure: Figure): string {
  if (figure.limit === undefined) return ' ';
  return isMet(figure) ? style.green('✓') : style.red('✗');
}

function besideText({ times }: Figure): string {
  return times === undefined ? ' ' : `${rounded(times)} ×`;
}

function promised({ limit, relation, unit }: Figure): string {
  return limit === undefined ? ' ' : `${relation} ${formatCount(limit)} ${unit}`;
}

function rounded(value: number): string {
  return value < 100 ? value.toFixed(1) : formatCount(Math.round(value));
}
