/** `verify`: reads every published byte and checks it. */
import { Command, Option } from 'commander';
import { withExamples } from '../help.ts';
import type { VerifyCommandOptions } from '../lake/verify-lake.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';

export function command(): Command {
  const declared = new Command('verify')
    .summary('read every published byte and check it against what was recorded')
    .description(
      'Reads every committed partition and every export, and checks that each is there, with its size, bytes and ' +
        'rows, and that its manifest leads back to the drops; then whatever snapshots froze. The exit code is 0 only if all ' +
        'is as recorded.',
    )
    .option('--table <name>', 'one table')
    .option('--from <date>', 'first day', parseDay)
    .option('--to <date>', 'last day', parseDay)
    .addOption(
      new Option('--snapshot <name>', 'only what this snapshot froze').conflicts(['table', 'from', 'to']),
    )
    .addOption(LAKE_OPTION())
    .action(async (options: VerifyCommandOptions) => {
      const { verifyLake } = await import('../lake/verify-lake.ts');
      await verifyLake(options);
    });
  return withExamples(declared, [
    ['verify', 'everything, snapshots included'],
    ['verify --from 2018-10-01 --to 2018-10-07 --json', 'a week, for a program'],
  ]);
}
