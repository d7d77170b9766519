/** `clear`: runs tasks again. */
import { Command } from 'commander';
import type { ClearCommandOptions } from '../engine/clear-command.ts';
import { withExamples } from '../help.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';

const RUN = 'nightly scheduled__2018-10-01T00:00:00-04:00';

export function command(): Command {
  const declared = clearOptions(
    new Command('clear')
      .summary('run tasks again, of a run or of many')
      .description(
        'Sets tasks of a run, or of the runs of a range of days, back to before their first attempt; they run again. ' +
          'Without --yes it only says which.',
      )
      .argument('<dag>', 'name of the DAG')
      .argument('[run]', 'run id, as "runs" lists it')
      .option('--from <date>', 'instead of a run: the runs of this local day', parseDay)
      .option('--to <date>', 'and of those up to this one', parseDay),
  ).action(async (dagId: string, runId: string | undefined, options: ClearCommandOptions) => {
    const { clearCommand } = await import('../engine/clear-command.ts');
    await clearCommand(dagId, runId, options);
  });
  return withExamples(declared, [
    [`clear ${RUN} --failed`, 'what would run again'],
    [`clear ${RUN} --task cleanse-events --downstream --yes`, 'run it again'],
    ['clear nightly --from 2018-10-01 --to 2018-10-07 --failed --yes', 'what failed in a week'],
  ]);
}

/** What "runs clear" takes, too. */
export function clearOptions(command: Command): Command {
  return command
    .option('--task <id>', 'only this task, may be repeated', collect, [])
    .option('--map-index <index>', 'only this instance of it, may be repeated', collectCount, [])
    .option('--downstream', 'and what is behind them', false)
    .option('--upstream', 'and what is before them', false)
    .option('--failed', 'of these only what failed, or did not run for that reason', false)
    .option('--yes', 'do it', false);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function collectCount(text: string, before: readonly number[]): readonly number[] {
  return [...before, parseCount(text)];
}
