/** `bench spark`: a table is made, Spark reads it, and the exit code says whether it saw what is there. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommonOptions } from '../../cli/common-options.ts';
import { EXIT } from '../../cli/exit-code.ts';
import { interruptSignal } from '../../cli/interrupt.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { formatCount, formatDuration, style } from '../../cli/terminal.ts';
import { SNIPPETS } from '../../lake/snippets/snippets.ts';
import { sampleTable } from '../../test/lake/sample-publish.ts';
import { describeEnvironment } from '../support/environment.ts';
import { askSpark } from './ask-spark.ts';
import { compareTable, DAY } from './compare-table.ts';
import { makeTable } from './make-table.ts';
import type { SparkResult } from './result.ts';

export interface SparkOptions extends CommonOptions {
  readonly commits: number;
}

/** A checkpoint, which readers start from, is written at version 10. */
const COMMITS_MIN = 12;

export async function runSpark({ commits: asked, json }: SparkOptions): Promise<void> {
  const result = await benchSpark(Math.max(asked, COMMITS_MIN), interruptSignal());
  process.stdout.write(json === true ? `${JSON.stringify(result)}\n` : `${describeSpark(result)}\n`);
  process.exitCode = result.findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
}

async function benchSpark(commits: number, signal: AbortSignal): Promise<SparkResult> {
  const root = await mkdtemp(join(tmpdir(), 'flyerline-bench-spark-'));
  const onStep = (what: string) => process.stderr.write(`▸ ${what}\n`);
  try {
    onStep(`a table of ${formatCount(commits)} commits`);
    await mkdir(join(root, 'scratch'));
    const wanted = await makeTable(join(root, 'lake'), join(root, 'scratch'), commits);
    const table = join(root, 'lake/tables/sample');
    const versions = Object.keys(wanted.past).map(Number);
    const snippet = SNIPPETS.spark.write({ schema: sampleTable, lake: join(root, 'lake'), firstDay: DAY });
    const answer = await askSpark(table, versions, snippet, { onStep, signal });
    const environment = describeEnvironment(PROJECT_ROOT);
    if (typeof answer === 'string')
      return { benchmark: 'spark', environment, commits, unavailable: answer, findings: [] };
    return {
      benchmark: 'spark',
      environment,
      commits,
      seen: answer,
      findings: compareTable(answer, wanted),
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** For people. */
export function describeSpark({ commits, unavailable, seen, findings }: SparkResult): string {
  if (seen === undefined) return style.yellow(`! Spark is not available: ${unavailable}.`);
  const lines = findings.map(
    ({ what, ok }) => `${ok ? style.green('✓') : style.red('✗')} ${what}${ok ? '' : ' differ'}`,
  );
  return [
    `Spark ${seen.spark} with ${seen.delta}, a table of ${formatCount(commits)} commits, first read in ${formatDuration(seen.readMs)}`,
    ...lines,
  ].join('\n');
}
