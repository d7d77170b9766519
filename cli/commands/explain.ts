/** `explain`: why something is as it is. */
import { Command } from 'commander';
import type { ExplainViewOptions } from '../explain/explain-view.ts';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';

export function command(): Command {
  const declared = new Command('explain')
    .summary('why a figure is what it is')
    .description('Why a figure is what it is, from what is published.');
  for (const below of [view()]) declared.addCommand(below);
  return withExamples(declared, [
    ['explain view --user 9ea67277 --date 2018-10-01', 'which rule did what with each event of a user'],
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
