/** `bench backfill`: what one can ask of it. What is measured is imported when it runs. */
import { Command } from 'commander';
import type { CommonOptions } from '../../cli/common-options.ts';
import { withExamples } from '../../cli/help.ts';
import { parseCount } from '../../cli/parse-number.ts';

export interface BackfillBenchOptions extends CommonOptions {
  readonly days: number;
  /** Of each day. */
  readonly events: number;
  readonly workers: number;
  readonly maxActive: number;
  /** Days that are run by a process each. */
  readonly singleDays: number;
  /** Names of ways; none: all. */
  readonly only: readonly string[];
}

export function command(): Command {
  const declared = new Command('backfill')
    .summary('a year of small days on two workers, and one by one')
    .description(
      'Generates small days, and applies a backfill of them on workers of a private Redis: a run a day, and fused. Beside it ' +
        'the same days one by one with the local executor: all in one process, and some of them in a process each, as ' +
        'a script would. The exit code is 1 when the exports are not the same bytes.',
    )
    .option('--only <way>', 'local, single, runs or fused; may be repeated', collect, [])
    .option('--days <count>', 'days of the backfill', parseCount, 365)
    .option('--events <count>', 'events of each day', parseCount, 300)
    .option('--workers <count>', 'worker processes, with one attempt at a time each', parseCount, 2)
    .option('--max-active <count>', 'days at a time', parseCount, 4)
    .option('--single-days <count>', 'days that are run in a process each', parseCount, 20)
    .action(async (options: BackfillBenchOptions) => {
      const { runBackfillBench } = await import('./run-backfill.ts');
      await runBackfillBench(options);
    });
  return withExamples(declared, [
    ['bench backfill', 'a year; about ten minutes on two cores'],
    ['bench backfill --days 12 --single-days 3', 'a look'],
    ['bench backfill --only local --only fused --json', 'two ways'],
  ]);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
