/** Makes drops with progress, then says what was made. */
import { relative } from 'node:path';
import { dropsDir, truthPath } from '../../tasks/generate/out-dir.ts';
import { type GenerateOptions, generateDrops, type Truth } from '../../tasks/generate-drops.ts';
import type { CommonOptions } from '../common-options.ts';
import { interruptSignal } from '../interrupt.ts';
import { formatCount, ProgressDisplay } from '../terminal.ts';
import { describeTruth } from './describe-truth.ts';

export type GenerateCommandOptions = GenerateOptions & CommonOptions;

export async function runGenerate({ json, verbose: _, ...options }: GenerateCommandOptions): Promise<void> {
  const startedAtMs = performance.now();
  const truth = await generateWithProgress(options);
  const drops = dropsDir(options.out);
  const durationMs = Math.round(performance.now() - startedAtMs);
  if (json === true) {
    const { totals } = truth;
    const dropCount = truth.drops.length;
    const result = {
      drops,
      truth: truthPath(options.out),
      dropCount,
      bytes: bytesOf(truth.drops),
      durationMs,
      totals,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const columns = process.stdout.columns ?? 100;
  process.stdout.write(
    `${describeTruth(truth, { dropsPath: shortPath(drops), truthPath: shortPath(truthPath(options.out)), columns })}\n`,
  );
}

async function generateWithProgress(options: GenerateOptions): Promise<Truth> {
  const progress = new ProgressDisplay();
  try {
    progress.update('generate', { label: 'Generating drops', state: 'running' });
    const truth = await generateDrops(options, {
      signal: interruptSignal(),
      onProgress: ({ rowCount, fraction }) =>
        progress.update('generate', { done: fraction, total: 1, note: `${formatCount(rowCount)} rows` }),
    });
    progress.update('generate', { state: 'done' });
    return truth;
  } finally {
    progress.stop();
  }
}

function bytesOf(drops: readonly { readonly bytes: number }[]): number {
  return drops.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** As the user would type it. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}
