/** `bench lake`: what one can ask of it. What is measured is imported when it runs. */
import { Command } from 'commander';
import { withExamples } from '../../cli/help.ts';
import { parseBytes } from '../../cli/parse-bytes.ts';
import { parseCount } from '../../cli/parse-number.ts';
import { type LakeBenchOptions, parseList } from './options.ts';

export function command(): Command {
  const declared = new Command('lake')
    .summary('publishing, the state of large tables, exports; against deltalake for Python')
    .description(
      'Measures publishing step by step in a directory and on a private S3 server, against deltalake for Python writing ' +
        'the same rows; how long the state of a large table takes to read; and time and memory of a large export.',
    )
    .option('--commits <count>', 'commits on each store; 0 leaves publishing out', parseCount, 30)
    .option(
      '--partitions <counts>',
      'sizes of tables: 10k,100k; 0 leaves them out',
      parseList(parseCount),
      [10_000, 100_000],
    )
    .option(
      '--export-rows <count>',
      'rows of the large partition; about 45 bytes each, 122 as CSV; 0 leaves it out',
      parseCount,
      1_000_000,
    )
    .option('--memory-limit <size>', "of DuckDB's, in the large export", parseBytes, 1024 ** 3)
    .action(async (options: LakeBenchOptions) => {
      const { runLake } = await import('./run-lake.ts');
      await runLake(options);
    });
  return withExamples(declared, [
    ['bench lake', 'everything, in about a minute'],
    ['bench lake --export-rows 110M --memory-limit 512MiB', 'with a partition of 5 GB'],
    ['bench lake --commits 0 --partitions 0', 'nothing but the export'],
  ]);
}
