/** `logs`: what an attempt has said. */
import { Command } from 'commander';
import type { LogsOptions } from '../engine/show-logs.ts';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('logs')
    .summary('what an attempt of a task has said')
    .description(
      'Prints the log of a task instance: of its latest attempt, or of an earlier one. What Redis has forgotten is read ' +
        'from the lake.',
    )
    .argument('<dag>', 'name of the DAG')
    .argument('<run>', 'run id, as "runs" lists it')
    .argument('<task>', 'task id')
    .option('--map-index <index>', 'which instance of a mapped task', parseCount)
    .option('--attempt <number>', 'which attempt (default: the latest)', parseCount)
    .option('-f, --follow', 'go on until the task ends', false)
    .addOption(LAKE_OPTION())
    .action(async (dagId: string, runId: string, taskId: string, options: LogsOptions) => {
      const { showLogs } = await import('../engine/show-logs.ts');
      await showLogs(dagId, runId, taskId, options);
    });
  return withExamples(declared, [
    ['logs nightly scheduled__2018-10-01T00:00:00-04:00 ingest-drops', 'the latest attempt'],
    ['logs nightly scheduled__2018-10-01T00:00:00-04:00 cleanse-events --map-index 0 -f', 'live'],
  ]);
}
