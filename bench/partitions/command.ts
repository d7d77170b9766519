/** `bench partitions`: what one can ask of it. What is measured is imported when it runs. */
import { Command } from 'commander';
import type { CommonOptions } from '../../cli/common-options.ts';
import { withExamples } from '../../cli/help.ts';
import { parseCount } from '../../cli/parse-number.ts';

export interface PartitionsBenchOptions extends CommonOptions {
  readonly days: number;
  readonly dropsPerDay: number;
}

export function command(): Command {
  const declared = new Command('partitions')
    .summary('states of many partitions, and planning their backfill')
    .description(
      'Makes a lake of many days in a directory, and measures how long it takes to know the state of every partition ' +
        'of one table and of six, and to plan a backfill of them; a tenth of the days is stale.',
    )
    .option('--days <count>', 'days of each table', parseCount, 10_000)
    .option('--drops-per-day <count>', 'drops of each day', parseCount, 1)
    .action(async (options: PartitionsBenchOptions) => {
      const { runPartitions } = await import('./run-partitions.ts');
      await runPartitions(options);
    });
  return withExamples(declared, [
    ['bench partitions', '10,000 days of six tables'],
    ['bench partitions --days 1000 --drops-per-day 24', 'three years of hourly drops'],
  ]);
}
