/** How help reads: the look of commander's help, and the examples at its end. */
import type { Command, HelpConfiguration } from 'commander';
import { style } from './terminal/style.ts';
import { padEnd } from './terminal/width.ts';

/** The command as users type it in a checkout. */
export const PROGRAM = './flyerline';

/** Wider lines are hard to read; commander takes the terminal's width. */
const HELP_WIDTH_MAX = 100;

export const helpConfiguration: HelpConfiguration = {
  styleTitle: (title) => style.bold(title),
  styleCommandText: (text) => style.cyan(text),
  styleSubcommandText: (text) => style.cyan(text),
  styleOptionText: (text) => style.cyan(text),
  styleArgumentText: (text) => style.cyan(text),
  subcommandTerm: (command) => [command.name(), ...argumentsOf(command)].join(' '),
  prepareContext(context) {
    this.helpWidth = Math.min(context.helpWidth ?? HELP_WIDTH_MAX, HELP_WIDTH_MAX);
  },
};

/**
 * Adds an "Examples:" section at the end of a command's help.
 *
 * @param examples as `[command line without the program's name, what it does]`
 */
export function withExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(
    ([line, what]) => `  ${PROGRAM} ${style.cyan(padEnd(line, width))}  ${style.dim(`# ${what}`)}`,
  );
  return command.addHelpText('after', `\n${style.bold('Examples:')}\n${lines.join('\n')}`);
}

/** `<dag>`, `[filter...]` as in the usage line. */
function argumentsOf(command: Command): string[] {
  return command.registeredArguments.map((argument) => {
    const label = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${label}>` : `[${label}]`;
  });
}
