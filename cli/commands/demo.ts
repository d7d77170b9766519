/** `demo`: the whole way, from raw drops to published tables, in one command. */
import { Command } from 'commander';
import type { DemoCommandOptions } from '../demo/run-demo.ts';
import { withExamples } from '../help.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('demo')
    .summary('the whole way in one command: drops, queues, workers, tables')
    .description(
      'Shows the whole way, from raw drops to published tables, in under a minute.\n\n' +
        'Generates drops, starts a private Redis, a scheduler and two workers, and lets the scheduler catch up the ' +
        "nightly DAG for those days through the queues. Then it holds the published figures against the generator's " +
        'truth, and stops what it started. The exit code is 0 only if every run succeeded and every count is right. ' +
        'The data stays in .flyerline/demo until the next demo.',
    )
    .option('--days <count>', 'local days to generate and to catch up', parseCount, 3)
    .option('--users <count>', 'shoppers; about half of them are active on a day', parseCount, 2000)
    .option('--seed <number>', 'another seed, another world', parseCount, 7)
    .option(
      '--keep <dir>',
      'put everything there instead: a new or empty directory, or that of an earlier demo',
    )
    .option('--serve', 'keep Redis, scheduler and workers running until Ctrl-C')
    .action(async (options: DemoCommandOptions) => {
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo(options);
    });
  return withExamples(declared, [
    ['demo', 'three days, 2,000 shoppers'],
    ['demo --days 7 --users 10000', 'more of it'],
    ['demo --serve', 'look around in Redis and in the lake while it runs'],
  ]);
}
