/** `snippet`: how a reader reads a table of this lake, ready to paste. */
import { Argument, Command } from 'commander';
import { withExamples } from '../help.ts';
import type { SnippetOptions } from '../lake/show-snippet.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';

/** As SNIPPETS names them, which is not imported: help must not load the lake. */
const READERS = ['pandas', 'polars', 'duckdb', 'clickhouse', 'spark', 'athena', 'power-bi', 'tableau'];

export function command(): Command {
  const declared = new Command('snippet')
    .summary('code that reads a table with pandas, DuckDB, Athena, Power BI …')
    .description(
      'Code with which a reader reads a table of this lake, ready to paste: Python, SQL or M. It is made from the ' +
        "table's declaration, so columns and types are always those of the table.\n\n" +
        'Nothing is read from the lake.',
    )
    .addArgument(new Argument('<reader>', 'who reads').choices(READERS))
    .argument('<table>', 'name of the table: merchant_day')
    .addOption(LAKE_OPTION())
    .option('--from <date>', 'first day that Athena looks for', parseDay, '2018-01-01')
    .action(async (reader: string, table: string, options: SnippetOptions) => {
      const { showSnippet } = await import('../lake/show-snippet.ts');
      await showSnippet(reader, table, options);
    });
  return withExamples(declared, [
    ['snippet pandas merchant_day', 'a data frame'],
    ['snippet athena merchant_day --lake s3://lake/flyers', 'the DDL of two external tables'],
    ['snippet power-bi flyer_day', 'a query in M'],
  ]);
}
