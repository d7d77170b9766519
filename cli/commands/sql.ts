/** `sql`: ad hoc questions over all tables of the lake. */
import { Command, Option } from 'commander';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseBytes } from '../parse-bytes.ts';
import { parseCount } from '../parse-number.ts';
import type { SqlCommandOptions } from '../sql/run-sql.ts';

export function command(): Command {
  const declared = new Command('sql')
    .summary('ask the tables of the lake in SQL, read-only')
    .description(
      'A statement over the tables of the lake, or without one a prompt; statements may also come on stdin. The SQL is ' +
        "DuckDB's.\n\n" +
        'Nothing but the tables can be read, and nothing written: no other file, no network, no setting. With conditions ' +
        'on "day", only the files of those days are fetched. A table can be read as it was: user_day AS OF 41 (a version), ' +
        "user_day AS OF '2018-10-05T12:00Z' (a time; UTC unless it has a zone).",
    )
    .argument('[statement]', 'one statement: "select count(*) from user_day"')
    .addOption(LAKE_OPTION())
    .option('--as-of <time>', 'read all tables as they were then: 2018-10-05T12:00Z')
    .addOption(
      new Option('--snapshot <name>', 'read all tables as this snapshot froze them').conflicts('asOf'),
    )
    .addOption(
      new Option('--preview <id>', 'read the lake as it would be with this preview published').conflicts([
        'asOf',
        'snapshot',
      ]),
    )
    .addOption(
      new Option('--format <format>', 'how the result is written')
        .choices(['table', 'csv', 'json', 'parquet'])
        .default('table'),
    )
    .option('--out <file>', 'write the result to this file instead of stdout')
    .option('--limit <rows>', 'rows of a table that are shown (default: sql.rowsMax, 200)', parseCount)
    .option('--memory <size>', 'most memory: 512MiB (default: memoryLimitBytes, 1 GiB)', parseBytes)
    .option(
      '--timeout <seconds>',
      'most time a statement may take (default: sql.timeoutMs, 60 s)',
      parseCount,
    )
    .action(async (statement: string | undefined, options: SqlCommandOptions) => {
      const { runSql } = await import('../sql/run-sql.ts');
      await runSql(statement, options);
    });
  return withExamples(declared, [
    ['sql "select day, count(*) from user_day group by day order by day"', 'users per day'],
    ['sql "from merchant_day where day = \'2018-10-01\'" --format csv --out day.csv', 'into a file'],
    ['sql "select count(*) from user_day as of 3"', 'as version 3 of the table had it'],
    ['sql "select count(*) from clean_events" --snapshot churn-v3', 'as a snapshot froze it'],
    ['sql "select sum(dwell_s) from user_day" --preview p20181101093000-4f2a61', 'computed aside'],
    ['sql', 'a prompt'],
  ]);
}
