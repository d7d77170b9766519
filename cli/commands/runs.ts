/** `runs`: what has run and what runs, and changing it. */
import { Argument, Command, Option } from 'commander';
import { RUN_STATES } from '../../engine/states.ts';
import type { CommonOptions } from '../common-options.ts';
import type { CancelOptions, MarkOptions } from '../engine/change-run.ts';
import type { ClearOptions } from '../engine/clear-command.ts';
import type { ListRunsOptions } from '../engine/look-at-runs.ts';
import { withExamples } from '../help.ts';
import { parseCount } from '../parse-number.ts';
import { clearOptions } from './clear.ts';

const RUN = 'nightly scheduled__2018-10-01T00:00:00-04:00';

export function command(): Command {
  const declared = new Command('runs')
    .summary('runs and their tasks: look, cancel, clear, mark')
    .description(
      'What has run and what runs, newest first; one run with its tasks; and changing a run by hand.',
    );
  for (const [below, isDefault] of [
    [list(), true],
    [show(), false],
    [cancel(), false],
    [clear(), false],
    [mark(), false],
  ] as const) {
    declared.addCommand(below, { isDefault });
  }
  return withExamples(declared, [
    ['runs', 'the latest runs of all DAGs'],
    ['runs list nightly --state failed', 'what failed'],
    [`runs show ${RUN}`, 'one run with its tasks'],
    [`runs clear ${RUN} --failed --downstream`, 'what would run again'],
  ]);
}

function list(): Command {
  const declared = new Command('list')
    .description('Runs, newest first.')
    .argument('[dag]', 'only of this DAG')
    .addOption(new Option('--state <state>', 'only in this state').choices(RUN_STATES))
    .option('--limit <count>', 'at most so many', parseCount, 20)
    // As the default it is called with options that "runs" itself has taken.
    .action(async (dagId: string | undefined, _options: ListRunsOptions, list: Command) => {
      const { listRuns } = await import('../engine/look-at-runs.ts');
      await listRuns(dagId, list.optsWithGlobals());
    });
  return withExamples(declared, [
    ['runs list', 'the latest runs of all DAGs'],
    ['runs list nightly --state failed', 'what failed'],
  ]);
}

function show(): Command {
  const declared = ofRun('show', 'One run with its task instances.').action(
    async (dagId: string, runId: string, options: CommonOptions) => {
      const { showRun } = await import('../engine/look-at-runs.ts');
      await showRun(dagId, runId, options);
    },
  );
  return withExamples(declared, [[`runs show ${RUN}`, 'states, attempts and durations']]);
}

function cancel(): Command {
  const declared = ofRun(
    'cancel',
    'Ends a run, or one task of it: what runs is stopped within two seconds. Of a run, what has not begun is skipped; of a ' +
      'task, it fails, nothing is tried again, and the rest of the run goes on accordingly.',
  )
    .option('--task <task>', 'only this task')
    .option('--map-index <index>', 'of a mapped task only this instance', parseCount)
    .option('--reason <text>', 'for whoever looks at the run', 'Cancelled by hand.')
    .action(async (dagId: string, runId: string, options: CancelOptions) => {
      const { cancelRun } = await import('../engine/change-run.ts');
      await cancelRun(dagId, runId, options);
    });
  return withExamples(declared, [
    [`runs cancel ${RUN}`, 'end it now'],
    [`runs cancel ${RUN} --task export-csv`, 'end one task'],
  ]);
}

function clear(): Command {
  const declared = clearOptions(
    ofRun(
      'clear',
      'Runs tasks again, all or some. Without --yes it only says which. "clear" does many runs.',
    ),
  ).action(async (dagId: string, runId: string, options: ClearOptions) => {
    const { clearCommand } = await import('../engine/clear-command.ts');
    await clearCommand(dagId, runId, options);
  });
  return withExamples(declared, [
    [`runs clear ${RUN} --failed --downstream`, 'what would run again'],
    [`runs clear ${RUN} --failed --downstream --yes`, 'run it again'],
  ]);
}

function mark(): Command {
  const declared = ofRun(
    'mark',
    'Ends a task, or one of its instances, by hand; what is behind it goes on accordingly.',
  )
    .argument('<task>', 'task id')
    .addArgument(new Argument('<state>', 'what it shall be').choices(['success', 'failed', 'skipped']))
    .option('--map-index <index>', 'only this instance of a mapped task', parseCount)
    .option('--note <text>', 'for whoever looks at the run', 'Set by hand.')
    .action(
      async (
        dagId: string,
        runId: string,
        taskId: string,
        state: 'success' | 'failed' | 'skipped',
        options: MarkOptions,
      ) => {
        const { markTask } = await import('../engine/change-run.ts');
        await markTask({ dagId, runId }, taskId, state, options);
      },
    );
  return withExamples(declared, [
    [`runs mark ${RUN} export-csv skipped`, 'leave it out of this run, with what is behind it'],
  ]);
}

function ofRun(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<dag>', 'name of the DAG')
    .argument('<run>', 'run id, as "runs" lists it');
}
