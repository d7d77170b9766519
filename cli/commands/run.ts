/** `run`: a whole DAG for one day in this process, without Redis. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import { parseBytes } from '../parse-bytes.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';
import { collectParam } from '../parse-param.ts';
import type { RunCommandOptions } from '../run/run-dag.ts';

export function command(): Command {
  const declared = new Command('run')
    .summary('run a DAG for one day in this process, without Redis')
    .description(
      'Runs a DAG for one day in this process, without Redis: for development, and for a single machine.\n\n' +
        'The tasks are those that workers run. What is published already and made of the same drops, code and ' +
        'parameters is not computed again. The exit code is 0 only if all is published.',
    )
    .argument('<dag>', 'name of the DAG: nightly, repair-exports or seed-compat')
    .requiredOption('--date <date>', 'local day that the run is about: 2018-10-01', parseDay)
    .option(
      '--drops <url>',
      'raw drops: a directory or s3://bucket/prefix (default: FLYERLINE_DROPS or ./drops)',
    )
    .option(
      '--lake <url>',
      'tables and exports: a directory or s3://bucket/prefix (default: FLYERLINE_LAKE or ./.flyerline/lake)',
    )
    .option('--param <name=value>', 'parameter of the run, may be repeated', collectParam, {})
    .option('--force', 'compute again, even if nothing has changed', false)
    .option('--restate', 'make days of the look-back again that late drops have made stale', false)
    .option('--stage', 'compute aside, into a preview: look at it, then publish or discard it', false)
    .option('--no-notify', 'tell nobody of it, whatever channels are configured')
    .option('--memory-limit <size>', "DuckDB's memory limit: 512MiB, 4GiB (default: 1GiB)", parseBytes)
    .option('--threads <count>', 'threads of DuckDB (default: all cores)', parseCount)
    .action(async (dagId: string, options: RunCommandOptions) => {
      const { runDag } = await import('../run/run-dag.ts');
      await runDag(dagId, options);
    });
  return withExamples(declared, [
    ['run nightly --date 2018-10-01 --drops data/drops --lake lake-data', 'one day, all in directories'],
    ['run nightly --date 2018-10-01 --force', 'compute again; equal input gives equal bytes'],
    ['run nightly --date 2018-10-01 --restate', 'and what late drops have changed, as scheduled runs do'],
    ['run nightly --date 2018-10-01 --param inactivity_timeout_s=900', 'another definition of silence'],
    ['run nightly --date 2018-10-01 --param inactivity_timeout_s=900 --stage', 'tried first, aside'],
    ['run nightly --date 2018-10-01 --drops s3://raw/events --lake s3://lake/flyers', 'on S3'],
  ]);
}
