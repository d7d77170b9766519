/** `trigger`: a run by hand, through the workers. */
import { Command } from 'commander';
import type { TriggerOptions } from '../engine/trigger-run.ts';
import { withExamples } from '../help.ts';
import { parseDay } from '../parse-day.ts';
import { parseObject } from '../parse-object.ts';
import { collectParam } from '../parse-param.ts';

export function command(): Command {
  const declared = new Command('trigger')
    .summary('ask for a run of a day; workers run it')
    .description(
      'Asks for a run of a DAG for one day. Workers run it; without --wait the command does not wait.',
    )
    .argument('<dag>', 'name of the DAG: nightly')
    .requiredOption('--date <date>', 'local day that the run is about: 2018-10-01', parseDay)
    .option('--param <name=value>', 'parameter of the run, may be repeated', collectParam, {})
    .option('--note <text>', 'why, for whoever looks at the run')
    .option('--conf <json>', 'an object for programs that look at the run', parseObject)
    .option('--pipelines <module>', "a module with other DAGs than the project's own, as workers have it")
    .option('--wait', 'wait for its end; the exit code is 0 only if it succeeds', false)
    .action(async (dagId: string, options: TriggerOptions) => {
      const { triggerRun } = await import('../engine/trigger-run.ts');
      await triggerRun(dagId, options);
    });
  return withExamples(declared, [
    ['trigger nightly --date 2018-10-01 --wait', 'one day, and how it went'],
    ['trigger nightly --date 2018-10-01 --param inactivity_timeout_s=900', 'another definition of silence'],
  ]);
}
