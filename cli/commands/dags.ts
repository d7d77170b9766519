/** `dags`: the DAGs that schedulers know, and pausing them. */
import { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { withExamples } from '../help.ts';

export function command(): Command {
  const declared = new Command('dags')
    .summary('the DAGs, their schedules, and pausing them')
    .description('The DAGs that schedulers know: their schedules, and up to when their intervals have runs.');
  const list = declared
    .command('list', { isDefault: true })
    .description('All DAGs.')
    // As the default it is called with options that "dags" itself has taken.
    .action(async (_options: CommonOptions, list: Command) => {
      const { listDags } = await import('../engine/dag-commands.ts');
      await listDags(list.optsWithGlobals());
    });
  withExamples(list, [['dags list', 'all of them']]);
  for (const [name, paused, what] of PAUSES) {
    const pausing = declared
      .command(name)
      .description(what)
      .argument('<dag>', 'name of the DAG')
      .action(async (dagId: string, options: CommonOptions) => {
        const { pauseDag } = await import('../engine/dag-commands.ts');
        await pauseDag(dagId, paused, options);
      });
    withExamples(pausing, [
      [`dags ${name} nightly`, paused ? 'no scheduled runs until it goes on' : 'go on'],
    ]);
  }
  return withExamples(declared, [
    ['dags', 'all of them'],
    ['dags pause nightly', 'no scheduled runs until it goes on'],
  ]);
}

const PAUSES = [
  ['pause', true, 'Makes no scheduled runs of a DAG, and begins none that wait. Runs by hand go on.'],
  ['resume', false, 'Goes on with a paused DAG; what it has missed is caught up with, if the DAG does so.'],
] as const;
