/** The checks that read the code without running it: types, and lint with format. Each counts as one test. */
import type { ProgressDisplay } from '../terminal.ts';
import { runTool } from './run-tool.ts';
import type { StageResult } from './stage.ts';

const CHECKS = [
  { name: 'type check', args: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'] },
] as const;

const TIMEOUT_MS = 300_000;

export function announceChecks(progress: ProgressDisplay): void {
  for (const { name } of CHECKS) progress.update(name, {});
}

/** Both at once. */
export async function runChecks(progress: ProgressDisplay): Promise<StageResult[]> {
  return Promise.all(
    CHECKS.map(async ({ name, args }) => {
      progress.update(name, { state: 'running' });
      const { exitCode, output, durationMs } = await runTool(args, { timeoutMs: TIMEOUT_MS });
      const failed = exitCode === 0 ? 0 : 1;
      progress.update(name, { state: failed === 0 ? 'done' : 'failed' });
      return { name, passed: 1 - failed, failed, skipped: [], durationMs, output };
    }),
  );
}
