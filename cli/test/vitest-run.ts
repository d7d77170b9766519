/** Runs one project of vitest.config.ts and follows its tests as they end. */
import { join } from 'node:path';
import { PROJECT_ROOT } from '../project-root.ts';
import type { ProgressDisplay } from '../terminal.ts';
import { runTool } from './run-tool.ts';
import type { SkippedTest, StageResult } from './stage.ts';
import type { VitestMessage } from './vitest-reporter.ts';

export const VITEST_PROJECTS = ['unit', 'integration', 'e2e'] as const;
export type VitestProject = (typeof VITEST_PROJECTS)[number];

export const PROJECT_LABEL: Readonly<Record<VitestProject, string>> = {
  unit: 'unit tests',
  integration: 'integration tests',
  e2e: 'end-to-end tests',
};

const TIMEOUT_MS: Readonly<Record<VitestProject, number>> = {
  unit: 1_200_000,
  integration: 1_200_000,
  e2e: 900_000,
};

export async function runVitest(
  project: VitestProject,
  filters: readonly string[],
  progress: ProgressDisplay,
): Promise<StageResult> {
  const label = PROJECT_LABEL[project];
  const seen = new VitestTally();
  progress.update(label, { state: 'running' });
  const { exitCode, output, durationMs } = await runTool(argumentsOf(project, filters), {
    timeoutMs: TIMEOUT_MS[project],
    env: environment(),
    onMessage: (message) => {
      seen.count(message as VitestMessage);
      progress.update(label, { done: seen.filesEnded, total: seen.files, note: seen.note() });
    },
  });
  // It may die without naming a test: out of memory, a crash of native code, our timeout.
  const failed = seen.failed === 0 && exitCode !== 0 ? 1 : seen.failed;
  progress.update(label, { state: failed > 0 ? 'failed' : 'done', note: seen.summary(failed) });
  return { name: label, passed: seen.passed, failed, skipped: seen.skipped, durationMs, output };
}

function argumentsOf(project: VitestProject, filters: readonly string[]): string[] {
  return [
    'node_modules/vitest/vitest.mjs',
    'run',
    `--project=${project}`,
    '--passWithNoTests',
    '--reporter=default',
    `--reporter=${join(PROJECT_ROOT, 'cli/test/vitest-reporter.ts')}`,
    ...filters,
  ];
}

/** Settings of the caller's shell must not reach the code under test; where test servers are may. */
function environment(): NodeJS.ProcessEnv {
  const kept = new Set(['FLYERLINE_SHARED', 'FLYERLINE_VERSITYGW', 'FLYERLINE_PYTHON']);
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('FLYERLINE_') || kept.has(name)),
  );
}

class VitestTally {
  files = 0;
  filesEnded = 0;
  passed = 0;
  failed = 0;
  readonly skipped: SkippedTest[] = [];
  readonly #running = new Set<string>();

  count(message: VitestMessage): void {
    switch (message.type) {
      case 'files':
        this.files = message.count;
        break;
      case 'file-started':
        this.#running.add(message.file);
        break;
      case 'file-ended':
        this.#running.delete(message.file);
        this.filesEnded++;
        break;
      case 'passed':
        this.passed++;
        break;
      case 'failed':
      case 'broken':
        this.failed++;
        break;
      case 'skipped':
        this.skipped.push({ name: message.name, reason: message.reason });
        break;
    }
  }

  /** While it runs: how far it is, and in which file. */
  note(): string {
    const failures = this.failed > 0 ? `, ${this.failed} failed` : '';
    const [file] = this.#running;
    return `${this.passed} passed${failures}${file === undefined ? '' : `  ${file.replace(/^test\//, '')}`}`;
  }

  summary(failed: number): string {
    const parts = [
      `${this.passed} passed`,
      failed > 0 ? `${failed} failed` : '',
      this.skipped.length > 0 ? `${this.skipped.length} skipped` : '',
    ];
    return parts.filter((part) => part !== '').join(', ');
  }
}
