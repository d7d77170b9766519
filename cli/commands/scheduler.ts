/** `scheduler`: one scheduler in the foreground. */
import { Command } from 'commander';
import type { SchedulerCommandOptions } from '../engine/run-process.ts';
import { withExamples } from '../help.ts';

export function command(): Command {
  const declared = new Command('scheduler')
    .summary('run a scheduler')
    .description(
      'Runs a scheduler: it makes the runs that are due, dispatches what waits, and takes over from lost workers.\n\n' +
        'Several may run; one leads, and another takes its place.',
    )
    .option('--pipelines <module>', "a module with other DAGs than the project's own")
    .action(async (options: SchedulerCommandOptions) => {
      const { runScheduler } = await import('../engine/run-process.ts');
      await runScheduler(options);
    });
  return withExamples(declared, [['scheduler', 'with FLYERLINE_REDIS_URL set, or beside an "up"']]);
}
