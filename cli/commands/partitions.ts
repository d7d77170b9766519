/** `partitions`: which state each day is in and why, what is published, in which version, and how versions differ. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import type { DiffOptions } from '../lake/diff-partitions.ts';
import type { ListPartitionsOptions } from '../lake/list-partitions.ts';
import type { HistoryOptions } from '../lake/partition-history.ts';
import type { RepairOptions } from '../lake/repair-exports.ts';
import type { UnpinOptions } from '../lake/roll-back.ts';
import type { ChangesOptions } from '../lake/show-changes.ts';
import { DROPS_OPTION, LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';
import type { SourceOptions } from '../partitions/partition-sources.ts';
import type { CalendarOptions } from '../partitions/show-calendar.ts';

export function command(): Command {
  const declared = new Command('partitions')
    .summary('the state of every day, what is published, and how versions differ')
    .description(
      'The state of every day as a calendar; what is published, in which version, and how versions differ.\n\n' +
        'A partition is one day of one table. Each change of a table is a table version; readers see one or the ' +
        'next, never something in between.',
    );
  declared.addCommand(calendar(), { isDefault: true });
  for (const below of [list(), show(), history(), diff(), changes(), unpin(), repair()])
    declared.addCommand(below);
  return withExamples(declared, [
    ['partitions calendar --from 2018-09-01 --to 2018-10-31', 'two months; "calendar" may be left out'],
    ['partitions list', 'all tables in short'],
    ['partitions list --table user_day --from 2018-10-01', 'one table, day by day'],
    ['partitions show user_day 2018-10-01', 'files, checksums, and the drops it was made of'],
    ['partitions diff user_day 2018-10-01', 'what the last change changed'],
  ]);
}

function calendar(): Command {
  const declared = new Command('calendar')
    .summary('the state of every day, and why')
    .description(
      'The state of every partition as a calendar, a line a month, and the reasons in words.\n\n' +
        'States: fresh, missing, running, failed, stale-input (drops came or changed), stale-code (code, definition ' +
        'or parameters changed), pinned (by a rollback). They are computed from manifests, logs and drops each time. ' +
        'Fresh days are provisional while late events are expected, then final.',
    )
    .addOption(LAKE_OPTION())
    .addOption(DROPS_OPTION())
    .option('--table <name>', 'one table (default: all; a day shows what needs attention first)')
    .option('--from <date>', 'first day (default: the first with a row or a version)', parseDay)
    .option('--to <date>', 'last day', parseDay)
    // As the default it is called with options that "partitions" itself has taken.
    .action(async (_options: CalendarOptions, calendar: Command) => {
      const { showCalendar } = await import('../partitions/show-calendar.ts');
      await showCalendar(calendar.optsWithGlobals());
    });
  return withExamples(declared, [
    ['partitions calendar --from 2018-09-01 --to 2018-10-31', 'two months'],
    ['partitions calendar --table merchant_day --json', 'every partition of a table with its reason'],
  ]);
}

function list(): Command {
  const declared = new Command('list')
    .summary('the partitions of all tables, or of one')
    .description('The partitions of all tables in short, or of one table day by day.')
    .addOption(LAKE_OPTION())
    .option('--table <name>', 'one table, day by day')
    .option('--from <date>', 'first day', parseDay)
    .option('--to <date>', 'last day', parseDay)
    .action(async (options: ListPartitionsOptions) => {
      const { listPartitions } = await import('../lake/list-partitions.ts');
      await listPartitions(options);
    });
  return withExamples(declared, [
    ['partitions list', 'all tables in short'],
    ['partitions list --table user_day --from 2018-10-01 --to 2018-10-31', 'a month, day by day'],
  ]);
}

function show(): Command {
  const declared = partitionCommand(
    'show',
    'state and reason, files, checksums, and the way back to the drops',
  )
    .description(
      'The state of a partition with its reason, and what it is made of: files, checksums, run, code, drops.',
    )
    .addOption(DROPS_OPTION())
    .action(async (table: string, day: string, options: SourceOptions) => {
      const { showPartition } = await import('../lake/show-partition.ts');
      await showPartition(table, day, options);
    });
  return withExamples(declared, [['partitions show user_day 2018-10-01', 'one day of one table']]);
}

function history(): Command {
  const declared = partitionCommand('history', 'its versions, newest first')
    .description('The versions of a partition, newest first: when, by which run, and why.')
    .option('--limit <count>', 'how many', parseCount, 20)
    .action(async (table: string, day: string, options: HistoryOptions) => {
      const { showHistory } = await import('../lake/partition-history.ts');
      await showHistory(table, day, options);
    });
  return withExamples(declared, [['partitions history user_day 2018-10-01 --limit 5', 'the last five']]);
}

function diff(): Command {
  const declared = partitionCommand('diff', 'how it differs between two versions')
    .description(
      'How a partition differs between two table versions: rows by key, and the sum of every number.\n\n' +
        'Without versions, what the last change of the partition changed.',
    )
    .option('--before <version>', 'table version', parseCount)
    .option('--after <version>', 'table version', parseCount)
    .action(async (table: string, day: string, options: DiffOptions) => {
      const { diffPartitions } = await import('../lake/diff-partitions.ts');
      await diffPartitions(table, day, options);
    });
  return withExamples(declared, [
    ['partitions diff user_day 2018-10-01', 'what the last change changed'],
    ['partitions diff user_day 2018-10-01 --before 3 --after 9', 'between any two'],
  ]);
}

function changes(): Command {
  const declared = new Command('changes')
    .summary('what was published or restated since a reader last looked')
    .description(
      'What was published or restated since a reader last looked, from the feeds of exported tables: old and new version, ' +
        'why, and how rows, users, views and dwell changed.\n\n' +
        'The answer ends with a position. Store it once the changes are applied, and ask with it the next time: no change is ' +
        'missed, and one may come twice.',
    )
    .addOption(LAKE_OPTION())
    .option('--since <position>', 'a position, for the tables it names; or a time: 2018-10-05T12:00Z')
    .option('--table <name>', 'one table (default: all that are exported)')
    .action(async (options: ChangesOptions) => {
      const { showChanges } = await import('../lake/show-changes.ts');
      await showChanges(options);
    });
  return withExamples(declared, [
    ['partitions changes --table merchant_day', 'every change of a table'],
    ['partitions changes --since merchant_day=12,user_day=9 --json', 'what is new to a reader'],
    ['partitions changes --since 2018-10-05', 'for people: since a time'],
  ]);
}

function unpin(): Command {
  const declared = partitionCommand('unpin', 'let runs replace it again after a rollback')
    .description('Lets runs replace a partition again that a rollback pinned.')
    .requiredOption('--reason <text>', 'why; kept in the history')
    .action(async (table: string, day: string, options: UnpinOptions) => {
      const { unpin: run } = await import('../lake/roll-back.ts');
      await run(table, day, options);
    });
  return withExamples(declared, [
    ['partitions unpin user_day 2018-10-01 --reason "drop corrected"', 'the next run may replace it'],
  ]);
}

function repair(): Command {
  const declared = new Command('repair')
    .summary('bring exports to the head of their tables')
    .description(
      'Brings exports under current/ to the head of their tables, where a run died in between or somebody else ' +
        'replaced or deleted them.',
    )
    .addOption(LAKE_OPTION())
    .option('--from <date>', 'first day', parseDay)
    .option('--to <date>', 'last day', parseDay)
    .option('--dry-run', 'only say what would be repaired', false)
    .action(async (options: RepairOptions) => {
      const { repairExports } = await import('../lake/repair-exports.ts');
      await repairExports(options);
    });
  return withExamples(declared, [['partitions repair --dry-run', 'what would be repaired']]);
}

function partitionCommand(name: string, summary: string): Command {
  return new Command(name)
    .summary(summary)
    .argument('<table>', 'name of the table: user_day')
    .argument('<date>', 'local day: 2018-10-01', parseDay)
    .addOption(LAKE_OPTION());
}
