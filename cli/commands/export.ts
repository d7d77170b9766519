/** `export`: tables over a range of days, into a directory. */
import { Command, Option } from 'commander';
import type { ExportTableCommandOptions } from '../export/export-one-table.ts';
import type { ExportOptions } from '../export/run-export.ts';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';

export function command(): Command {
  const declared = new Command('export')
    .summary('tables over a range of days, as Parquet and CSV')
    .description(
      'Tables over a range of days, from what is published, as Parquet and CSV.\n\n' +
        'Tables of single days need no export: they lie under current/ of the lake.',
    );
  for (const below of [oneTable(), user(), features()]) declared.addCommand(below);
  return withExamples(declared, [
    ['export table merchant_day --from 2018-10-01 --to 2018-10-31 --out october', 'a month in one file'],
    ['export user --from 2018-10-01 --to 2018-10-07 --out week', "a week's average time on flyer per user"],
    ['export features --from 2018-10-01 --to 2018-10-07 --out week', 'what a model may learn from'],
  ]);
}

function oneTable(): Command {
  const declared = rangeCommand('table')
    .argument('<table>', 'name of the table: merchant_day')
    .summary('any published table, all days in one file')
    .description(
      'Any published table over a range of days, in one file of each format: <table>.parquet, <table>.csv, ' +
        '<table>.csv.gz, and <table>.json with what they were made from.\n\n' +
        'Rows are those of the single days, ordered by day and key. Days that are not published are left out and ' +
        'named; it fails when none is.',
    )
    .addOption(
      // As RANGE_FORMATS, which is not imported: help must not load the lake.
      new Option('--format <formats...>', 'which files')
        .choices(['parquet', 'csv', 'csv.gz'])
        .default(['parquet', 'csv']),
    )
    .action(async (table: string, options: ExportTableCommandOptions) => {
      const { exportOneTable } = await import('../export/export-one-table.ts');
      await exportOneTable(table, options);
    });
  return withExamples(declared, [
    ['export table merchant_day --from 2018-10-01 --to 2018-10-31 --out october', 'a month'],
    ['export table clean_events --snapshot churn-v3 --out churn', 'rebuilt exactly'],
    ['export table dq_day --from 2018-10-01 --to 2018-10-07 --out week --format csv.gz', 'compressed'],
  ]);
}

function user(): Command {
  const declared = rangeCommand('user')
    .summary('one row per user: average time on flyer over the range')
    .description(
      'One row per user over a range of days: user.parquet, user.csv, and user.json with what they were made from.\n\n' +
        'Averages are sums over all days divided by sums over all days, never means of daily means. Days that are ' +
        'not published are left out and named; it fails when none is.',
    )
    .action(async (options: ExportOptions) => {
      const { exportUsers } = await import('../export/export-users.ts');
      await exportUsers(options);
    });
  return withExamples(declared, [
    ['export user --from 2018-10-01 --to 2018-10-31 --out october', 'a month'],
    [
      'export user --from 2018-10-01 --to 2018-10-01 --out day --lake s3://lake/flyers',
      'one day, from a lake on S3',
    ],
  ]);
}

function features(): Command {
  const declared = rangeCommand('features')
    .summary('per user and day, and per view, for data scientists')
    .description(
      'Two tables for data scientists, and features.json with what they were made from: features_user_day, and ' +
        'features_view with the censoring flag of survival models.\n\n' +
        'Users are named by HMAC-SHA-256 of their id. The secret is in FLYERLINE_FEATURES_SECRET, or in the file ' +
        'that FLYERLINE_FEATURES_SECRET_FILE names; without one there is no export. The result is still personal data.',
    )
    .action(async (options: ExportOptions) => {
      const { exportFeatureTables } = await import('../export/export-feature-tables.ts');
      await exportFeatureTables(options);
    });
  return withExamples(declared, [
    ['export features --from 2018-10-01 --to 2018-10-31 --out october', 'a month'],
  ]);
}

function rangeCommand(name: string): Command {
  return new Command(name)
    .option('--from <date>', 'first day: 2018-10-01 (default: the first of the snapshot)', parseDay)
    .option('--to <date>', 'last day, included (default: the last of the snapshot)', parseDay)
    .option('--snapshot <name>', 'tables as this snapshot froze them: equal files, whenever')
    .requiredOption('--out <dir>', 'directory for the files')
    .addOption(LAKE_OPTION());
}
