/** `bench compute`: progress while it runs, tables or JSON at the end, exit code 1 when results differ. */
import { EXIT } from '../../cli/exit-code.ts';
import { interruptSignal } from '../../cli/interrupt.ts';
import { ProgressDisplay } from '../../cli/terminal.ts';
import { benchCompute, type ComputeHooks } from './bench-compute.ts';
import { describeResult } from './describe-result.ts';
import type { ComputeOptions } from './options.ts';

export async function runCompute(options: ComputeOptions): Promise<void> {
  const progress = new ProgressDisplay();
  const hooks: ComputeHooks = {
    signal: interruptSignal(),
    onStep: (id, step) => progress.update(id, step),
  };
  const result = await benchCompute(options, hooks).finally(() => progress.stop());
  process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${describeResult(result)}\n`);
  process.exitCode = result.ok ? EXIT.ok : EXIT.failed;
}
