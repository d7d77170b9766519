/** `explain`: why something is as it is. */
import { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import type { ExplainTaskOptions } from '../explain/explain-runs.ts';
import type { ExplainViewOptions } from '../explain/explain-view.ts';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';

const RUN = 'nightly scheduled__2018-10-01T00:00:00-04:00';

export function command(): Command {
  const declared = new Command('explain')
    .summary('why a figure is what it is, why a run or a task is as it is')
    .description(
      'Why a figure is what it is, from what is published; why a run or one of its tasks is as it is.',
    );
  for (const below of [view(), run(), task()]) declared.addCommand(below);
  return withExamples(declared, [
    ['explain view --user 9ea67277 --date 2018-10-01', 'which rule did what with each event of a user'],
    [`explain task ${RUN} publish-day`, 'why it waits, failed, did not run'],
  ]);
}

function run(): Command {
  const declared = new Command('run')
    .summary('why a run waits, takes long, failed')
    .description(
      'Why a run is as it is, in one sentence, and one for each of its tasks that has not simply succeeded.',
    )
    .argument('<dag>', 'name of the DAG')
    .argument('<run>', 'run id, as "runs" lists it')
    .action(async (dagId: string, runId: string, options: CommonOptions) => {
      const { explainRun } = await import('../explain/explain-runs.ts');
      await explainRun(dagId, runId, options);
    });
  return withExamples(declared, [[`explain run ${RUN}`, 'what it waits for, what failed']]);
}

function task(): Command {
  const declared = new Command('task')
    .summary('why a task waits, is tried again, was skipped, failed')
    .description(
      'Why a task of a run is as it is, in one sentence: what it waits for, what skipped it, how often it is tried again.',
    )
    .argument('<dag>', 'name of the DAG')
    .argument('<run>', 'run id, as "runs" lists it')
    .argument('<task>', 'task id')
    .option('--map-index <index>', 'one instance of a mapped task (default: all of them)', parseCount)
    .action(async (dagId: string, runId: string, taskId: string, options: ExplainTaskOptions) => {
      const { explainTask } = await import('../explain/explain-runs.ts');
      await explainTask(dagId, runId, taskId, options);
    });
  return withExamples(declared, [
    [`explain task ${RUN} publish-day`, 'one sentence'],
    [`explain task ${RUN} compute-dwell --map-index 3`, 'one instance'],
  ]);
}

function view(): Command {
  const declared = new Command('view')
    .summary("a user's day, event by event: which rule did what")
    .description(
      "A user's events of a day in order, and line by line which rule of the definition did what with them: what " +
        'started a view, what ended it, what it is worth and why.\n\n' +
        'It runs the very rules of the pipeline over the published events, with those of the days around it where a ' +
        'view may reach over midnight, and compares the outcome with the published views.',
    )
    .requiredOption('--user <id>', 'user_id, in full')
    .requiredOption('--date <date>', 'local day: 2018-10-01', parseDay)
    .addOption(LAKE_OPTION())
    .action(async (options: ExplainViewOptions) => {
      const { explainView } = await import('../explain/explain-view.ts');
      await explainView(options);
    });
  return withExamples(declared, [
    ['explain view --user 9ea67277 --date 2018-10-01', 'as a timeline'],
    ['explain view --user 9ea67277 --date 2018-10-01 --json', 'for a program'],
  ]);
}
