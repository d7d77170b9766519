/** `up`: everything that runs DAGs, in the foreground. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseCount } from '../parse-number.ts';
import type { UpOptions } from '../up/run-up.ts';

export function command(): Command {
  const declared = new Command('up')
    .summary('start Redis, a scheduler and workers, until Ctrl-C')
    .description(
      'Starts Redis (or uses the one that is configured), a scheduler and workers, and stays in the foreground.\n\n' +
        'The first Ctrl-C lets what runs end, the second drops it. Other commands in this directory find its Redis by ' +
        'themselves.',
    )
    .option('--workers <count>', 'worker processes', parseCount, 2)
    .option('--concurrency <count>', 'attempts of each worker at a time (default: 2)', parseCount)
    .option(
      '--drops <url>',
      'raw drops: a directory or s3://bucket/prefix (default: FLYERLINE_DROPS or ./drops)',
    )
    .addOption(LAKE_OPTION())
    .option('--pipelines <module>', "a module with other DAGs than the project's own")
    .action(async (options: UpOptions) => {
      const { runUp } = await import('../up/run-up.ts');
      await runUp(options);
    });
  return withExamples(declared, [
    ['up --drops data/drops', 'with a private Redis and two workers'],
    ['up --workers 4 --concurrency 1', 'four workers, one attempt each'],
  ]);
}
