/** `bench lake`: progress while it runs, tables or JSON at the end. */
import { interruptSignal } from '../../cli/interrupt.ts';
import { benchLake } from './bench-lake.ts';
import { describeResult } from './describe-result.ts';
import type { LakeBenchOptions } from './options.ts';

export async function runLake(options: LakeBenchOptions): Promise<void> {
  const result = await benchLake(options, {
    signal: interruptSignal(),
    onStep: (what) => process.stderr.write(`▸ ${what}\n`),
  });
  process.stdout.write(
    options.json === true ? `${JSON.stringify(result)}\n` : `\n${describeResult(result)}\n`,
  );
}
