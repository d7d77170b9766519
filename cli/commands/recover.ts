/** `recover`: brings the history of runs back from the lake into a Redis that has lost it. */
import { Command } from 'commander';
import type { RecoverOptions } from '../engine/recover-command.ts';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';

export function command(): Command {
  const declared = new Command('recover')
    .summary('rebuild in Redis what the lake knows of runs')
    .description(
      'Puts the runs that have ended back into Redis as they were, with cursors, pauses and pools, and asks again for ' +
        'those that had not ended. What is there already is left alone.\n\n' +
        'A scheduler that finds an empty Redis does the same by itself before it makes runs.',
    )
    .addOption(LAKE_OPTION())
    .action(async (options: RecoverOptions) => {
      const { recover } = await import('../engine/recover-command.ts');
      await recover(options);
    });
  return withExamples(declared, [['recover', 'after Redis was lost']]);
}
