/** `rollback`: an earlier version of a partition comes back. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import type { RollbackCommandOptions } from '../lake/roll-back.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('rollback')
    .summary('bring an earlier version of a partition back, and pin it')
    .description(
      'Brings an earlier version of a partition back as a new version, in the table and in its exports.\n\n' +
        'The partition is pinned: no run replaces it until "partitions unpin". Versions that were replaced more than ' +
        '29 days ago may be gone.',
    )
    .argument('<table>', 'name of the table: user_day')
    .argument('<date>', 'local day: 2018-10-01', parseDay)
    .requiredOption('--to <version>', 'table version, see "partitions history"', parseCount)
    .requiredOption('--reason <text>', 'why; kept in the history and told to readers')
    .option('--no-pin', 'let the next run replace it again')
    .addOption(LAKE_OPTION())
    .action(async (table: string, day: string, options: RollbackCommandOptions) => {
      const { rollBack } = await import('../lake/roll-back.ts');
      await rollBack(table, day, options);
    });
  return withExamples(declared, [
    ['rollback user_day 2018-10-01 --to 12 --reason "drop of 14:00 was a test"', 'and pin it'],
  ]);
}
