/** `bench chaos`: runs the drill with progress, and shows what it did and what it found. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommonOptions } from '../../cli/common-options.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { interruptSignal } from '../../cli/interrupt.ts';
import { formatCount, ProgressDisplay, style, table } from '../../cli/terminal.ts';
import { runDrill } from './drill.ts';
import type { ChaosResult } from './result.ts';

export interface ChaosOptions extends CommonOptions {
  readonly seed?: number;
  readonly minutes: number;
  readonly workers: number;
  readonly schedulers: number;
}

const LABELS = {
  start: 'Start Redis, schedulers and workers',
  drill: 'Faults',
  settle: 'Peace: until every run has ended',
  verify: 'Compare with the same runs undisturbed',
} as const;

export async function runChaos(options: ChaosOptions): Promise<void> {
  const { seed = Date.now() % 1_000_000, minutes, workers, schedulers } = options;
  const dir = await mkdtemp(join(tmpdir(), 'flyerline-chaos-'));
  const progress = new ProgressDisplay();
  let phase: keyof typeof LABELS | undefined;
  let result: ChaosResult | undefined;
  try {
    result = await runDrill({
      seed,
      durationMs: Math.round(minutes * 60_000),
      workers,
      schedulers,
      dir: join(dir, 'drill'),
      signal: interruptSignal(),
      onProgress(next, share, note) {
        if (phase !== undefined && phase !== next) progress.update(phase, { state: 'done' });
        phase = next;
        progress.update(next, {
          label: `${LABELS[next]}, seed ${seed}`,
          state: 'running',
          note,
          done: Math.round(100 * share),
          total: 100,
        });
      },
    });
    if (phase !== undefined) progress.update(phase, { state: result.ok ? 'done' : 'failed' });
  } finally {
    progress.stop();
    if (result?.ok !== false) await rm(dir, { recursive: true, force: true });
  }
  const text = options.json === true ? JSON.stringify(result) : describe(result, dir);
  process.stdout.write(`${text}\n`);
  process.exitCode = result.ok ? EXIT.ok : EXIT.failed;
}

function describe(result: ChaosResult, dir: string): string {
  const { seed, violations, durationMs } = result;
  const faults = Object.entries(result.faults).map(([kind, count]) => ({ kind, count }));
  const total = faults.reduce((sum, { count }) => sum + count, 0);
  const head = `Seed ${seed}, ${(durationMs / 60_000).toFixed(1)} minutes, ${result.workers} workers, ${result.schedulers} schedulers`;
  const did = table(faults, [
    { header: 'fault', value: ({ kind }) => kind },
    { header: 'times', value: ({ count }) => String(count), align: 'right' },
  ]);
  const crashes = Object.entries(result.crashes).map(([step, times]) => `${step} ${times}`);
  const lines = [
    `Killed at a step: ${crashes.sort().join(', ') || 'none'}.`,
    `${formatCount(total)} faults; ${formatCount(result.restarts)} processes were started anew.`,
    `${formatCount(result.runs)} runs with ${formatCount(result.tasks)} task instances; ${formatCount(result.lostAttempts)} attempts were lost with their worker, ${formatCount(result.failedAttempts)} failed.`,
    `Redis forgot ${formatCount(result.forgottenRuns)} runs, which were made again.`,
    `Every run had ended ${(result.settledMs / 1_000).toFixed(1)} s after the last fault.`,
    `${formatCount(result.effects)} effects, each published once, byte for byte as undisturbed.`,
  ];
  if (violations.length === 0)
    return ['', style.bold(head), '', did, '', ...lines, style.green('Everything held.')].join('\n');
  return [
    '',
    style.bold(head),
    ...result.history.map(({ atMs, fault, note }) =>
      style.dim(`${String(atMs).padStart(8)} ms  ${fault}  ${note}`),
    ),
    '',
    ...lines.slice(0, 4),
    ...violations.map((violation) => style.red(`✗ ${violation}`)),
    '',
    `What it left is in ${dir}. The same faults again:`,
    `  ./flyerline bench chaos --seed ${seed} --minutes ${durationMs / 60_000}`,
  ].join('\n');
}
