/** `flyerline test`: all stages one after the other, then what failed, what was skipped and the count. */
import { FlyerlineError } from '../../infra/errors.ts';
import { EXIT } from '../exit-code.ts';
import { formatDuration, ProgressDisplay, style } from '../terminal.ts';
import { announceChecks, runChecks } from './checks.ts';
import { announceProvisions, provideAll } from './provide.ts';
import { type SkippedTest, type StageResult, tallyLine, tallyOf } from './stage.ts';
import { PROJECT_LABEL, runVitest, VITEST_PROJECTS, type VitestProject } from './vitest-run.ts';

export interface TestOptions {
  readonly unit?: boolean;
  readonly integration?: boolean;
  readonly e2e?: boolean;
  /** False: a skipped test counts as a failure. */
  readonly skips: boolean;
  readonly json?: boolean;
}

/** Sets the exit code to 1 when a test failed, or was skipped though none may be. */
export async function runTests(filters: readonly string[], options: TestOptions): Promise<void> {
  const startedAtMs = performance.now();
  const stages = await runStages(filters, options);
  const tally = tallyOf(stages);
  if (filters.length > 0 && tally.passed + tally.failed + tally.skipped === 0) throw nothingMatches(filters);
  const ok = tally.failed === 0 && (options.skips || tally.skipped === 0);
  if (!ok) process.exitCode = EXIT.failed;
  const durationMs = performance.now() - startedAtMs;
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ ok, ...tally, durationMs, stages })}\n`);
  else process.stdout.write(`${report(stages, durationMs, ok)}\n`);
}

async function runStages(filters: readonly string[], options: TestOptions): Promise<StageResult[]> {
  const chosen = VITEST_PROJECTS.filter((project) => options[project] === true);
  const projects: readonly VitestProject[] = chosen.length > 0 ? chosen : VITEST_PROJECTS;
  const withChecks = filters.length === 0 && projects.includes('unit');
  const withServers = projects.some((project) => project !== 'unit');

  const progress = new ProgressDisplay();
  try {
    if (withServers) announceProvisions(progress);
    if (withChecks) announceChecks(progress);
    for (const project of projects) progress.update(PROJECT_LABEL[project], {});

    const [checks] = await Promise.all([
      withChecks ? runChecks(progress) : [],
      withServers ? provideAll(progress) : undefined,
    ]);
    const results = [...checks];
    for (const project of projects) results.push(await runVitest(project, filters, progress));
    return results;
  } finally {
    progress.stop();
  }
}

/** Else a misspelt filter would look like success. */
function nothingMatches(filters: readonly string[]): FlyerlineError {
  return new FlyerlineError('FL_USAGE', {
    subject: `Filter "${filters.join(' ')}"`,
    reason: 'matches no test file of the chosen kinds',
    remedy: 'give a part of a path below test/, such as "engine/"',
    retryable: false,
  });
}

function report(stages: readonly StageResult[], durationMs: number, ok: boolean): string {
  const failures = stages.filter(({ failed }) => failed > 0);
  const skipped = stages.flatMap((stage) => stage.skipped);
  return [
    ...failures.map(({ name, output }) => `\n${style.bold(style.red(name))}\n${output.trim()}`),
    ...(skipped.length > 0 ? ['', ...skipReport(skipped)] : []),
    '',
    tallyLine(tallyOf(stages)),
    style.dim(`${ok ? 'All good' : 'Not good'} after ${formatDuration(durationMs)}.`),
  ].join('\n');
}

function skipReport(skipped: readonly SkippedTest[]): string[] {
  return Object.entries(Object.groupBy(skipped, ({ reason }) => reason)).map(
    ([reason, tests = []]) =>
      `${style.yellow('–')} ${tests.length} skipped: ${reason}\n${tests.map(({ name }) => style.dim(`    ${name}`)).join('\n')}`,
  );
}
