/** `checks`: what the checks of days found, published or not, and which checks there are. */
import { Command, Option } from 'commander';
import type { DaysOptions } from '../checks/list-days.ts';
import { ONLY } from '../checks/notable.ts';
import type { ShowOptions } from '../checks/show-day.ts';
import type { CommonOptions } from '../common-options.ts';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('checks')
    .summary('what the checks of each day found, and which there are')
    .description(
      'What the checks of each day found, and which there are.\n\n' +
        'Before a day is published its tables are checked: rows against drops, tables against each other, figures ' +
        'against the same weekdays before. A check of severity "warn" tells; one of severity "block" keeps the day from ' +
        'being published, and what was published before stays readable.',
    );
  declared.addCommand(days(), { isDefault: true });
  for (const below of [show(), list()]) declared.addCommand(below);
  return withExamples(declared, [
    ['checks days --from 2018-10-01 --to 2018-10-31', 'a month; "days" may be left out'],
    ['checks days --only failed', 'days whose last run was blocked'],
    ['checks show 2018-10-01', 'every check of a day, what blocks first'],
    ['checks list', 'every check there is, with severity and limit'],
  ]);
}

const ONLY_OPTION = () => new Option('--only <what>', 'failed: what blocks; warn: what warns').choices(ONLY);

function days(): Command {
  const declared = new Command('days')
    .summary('a line per day')
    .description('A line per day: the verdict of its latest run that came as far as its checks, and why.')
    .addOption(LAKE_OPTION())
    .option('--from <date>', 'first day (default: the first with results)', parseDay)
    .option('--to <date>', 'last day', parseDay)
    .option('--table <name>', 'checks of one table')
    .addOption(ONLY_OPTION())
    // As the default it is called with options that "checks" itself has taken.
    .action(async (_options: DaysOptions, below: Command) => {
      const { listDays } = await import('../checks/list-days.ts');
      await listDays(below.optsWithGlobals());
    });
  return withExamples(declared, [
    ['checks days --from 2018-10-01 --to 2018-10-31', 'a month'],
    ['checks days --table user_day --only warn --json', 'what was unusual of a table'],
  ]);
}

function show(): Command {
  const declared = new Command('show')
    .summary('every check of a day')
    .description(
      'Every check of a day: what was seen, what passes, and how far it is from the weeks before (z).',
    )
    .argument('<date>', 'local day: 2018-10-01', parseDay)
    .addOption(LAKE_OPTION())
    .option('--claim <number>', 'of an earlier run of the day (default: the latest)', parseCount)
    .option('--table <name>', 'checks of one table')
    .addOption(ONLY_OPTION())
    .action(async (day: string, options: ShowOptions) => {
      const { showDay } = await import('../checks/show-day.ts');
      await showDay(day, options);
    });
  return withExamples(declared, [
    ['checks show 2018-10-01', 'all of them'],
    ['checks show 2018-10-01 --only failed', 'what keeps it from being published'],
  ]);
}

function list(): Command {
  const declared = new Command('list')
    .summary('every check there is')
    .description('Every check there is: severity, limit, and what it asks. Both can be set for a run.')
    .option('--table <name>', 'checks of one table')
    .action(async (options: CommonOptions & { readonly table?: string }) => {
      const { listChecks } = await import('../checks/list-checks.ts');
      listChecks(options);
    });
  return withExamples(declared, [['checks list --table user_day', 'those of one table']]);
}
