/** `bench spark`: what one can ask of it. What is measured is imported when it runs. */
import { Command } from 'commander';
import { withExamples } from '../../cli/help.ts';
import { parseCount } from '../../cli/parse-number.ts';
import type { SparkOptions } from './run-spark.ts';

export function command(): Command {
  const declared = new Command('spark')
    .summary("whether Spark with Delta's jars reads the tables as they are")
    .description(
      'Writes a table with overwrites, checkpoints, a rollback, an added column and garbage collection, and has Spark ' +
        "read it with Delta's own jars, now and at older versions. The exit code is 1 when Spark sees other rows.\n\n" +
        'Needs Java; PySpark comes from PyPI and the jars from Maven Central on first use (about 600 MB).',
    )
    .option('--commits <count>', 'commits of the table', parseCount, 100)
    .action(async (options: SparkOptions) => {
      const { runSpark } = await import('./run-spark.ts');
      await runSpark(options);
    });
  return withExamples(declared, [
    ['bench spark', 'a table of 100 commits, about a minute once installed'],
    ['bench spark --json', 'for programs'],
  ]);
}
