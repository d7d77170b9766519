/**
 * `./flyerline`: finds the command, runs it, reports errors, sets the exit code.
 *
 * A command is a file `cli/commands/<name>.ts` with a line in `cli/commands.ts`. The file exports
 * `command(): Command`, which only declares: `new Command('<name>')` with description, options (with defaults) and,
 * through `withExamples` of `cli/help.ts`, examples. Its action imports what does the work, so that help and other
 * commands start without it:
 *
 *     export function command(): Command {
 *       const declared = new Command('greet')
 *         .description('Say hello.')
 *         .option('--name <name>', 'whom to greet', 'world')
 *         .action(async (options: GreetOptions) => {
 *           const { greet } = await import('../greet/greet.ts');
 *           return greet(options);
 *         });
 *       return withExamples(declared, [['greet --name Ada', 'say hello to Ada']]);
 *     }
 *
 * `--json` and `--verbose` are added to every command; `commandContext(options, overrides)` of
 * `cli/command-context.ts` makes configuration and log of them. An action prints its result on stdout, and anything
 * else on stderr. It throws FlyerlineError, or sets `process.exitCode` to one of `EXIT` (`cli/exit-code.ts`) when
 * it has already told what failed. Commands that run for long take `interruptSignal()` of `cli/interrupt.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { FlyerlineError } from '../infra/errors.ts';
import { COMMANDS } from './commands.ts';
import { addCommonOptions } from './common-options.ts';
import { EXIT } from './exit-code.ts';
import { helpConfiguration, PROGRAM, withExamples } from './help.ts';
import { PROJECT_ROOT } from './project-root.ts';
import { reportError } from './report-error.ts';

await main(process.argv.slice(2));

async function main(typed: readonly string[]): Promise<void> {
  // `./flyerline … | head` closes our output early: that is no error.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  const args = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed;
  try {
    const program = await buildProgram(args);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && isAnswered(error)) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.exitCode = reportError(error instanceof CommanderError ? usageError(error, args) : error, {
      json: args.includes('--json'),
      verbose: args.includes('--verbose') || args.includes('-v'),
    });
  }
}

/** With the command that is asked for, or with all of them for the help and for suggestions. */
async function buildProgram([first]: readonly string[]): Promise<Command> {
  const program = withExamples(
    new Command(PROGRAM)
      .description('From raw shopper events to how long users spend on their flyers each day.')
      .usage('<command> [options]')
      .version(readVersion(), '--version', 'print the version')
      .helpOption('-h, --help', 'print this help, or that of a command')
      .helpCommand(false)
      // Else a command would take the options of its subcommands: `partitions list --json` would be for `partitions`.
      .enablePositionalOptions()
      .configureHelp(helpConfiguration)
      .configureOutput({ outputError: () => {} })
      .exitOverride(),
    [
      ['demo', 'the whole way, with generated drops'],
      ['run nightly --date 2018-10-01 --drops data/drops --lake lake-data', 'a day of your own'],
      ['test', 'check everything'],
      ['<command> --help', 'what a command does, its options and examples'],
    ],
  );
  const asked = COMMANDS.filter(({ name }) => name === first);
  for (const { group, load } of asked.length > 0 ? asked : COMMANDS) {
    const command = (await load()).command().helpGroup(`${group}:`);
    addCommonOptions(command);
    inherit(command, program);
    program.addCommand(command);
  }
  return program;
}

/** Commander copies settings to commands it creates itself, not to those that are added. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent).helpCommand(false).helpOption('-h, --help', 'print this help');
  for (const below of command.commands) inherit(below, command);
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Commander has printed what was asked for, or the help of a command that needs a subcommand. */
function isAnswered({ code }: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(code);
}

/** Of `error: unknown command 'tset'` and, on a line of its own, `(Did you mean test?)`. */
function usageError({ message }: CommanderError, [first]: readonly string[]): FlyerlineError {
  const [problem, ...suggestion] = message.replace(/^error: /, '').split('\n');
  const known = COMMANDS.some(({ name }) => name === first);
  const hint = suggestion.join(' ').replace(/^\(|\)$/g, '');
  const help = `see ${PROGRAM} ${known ? `${first} ` : ''}--help`;
  return new FlyerlineError('FL_USAGE', {
    subject: 'The command line',
    reason: `is wrong: ${problem}`,
    remedy: hint === '' ? help : `${hint} Or ${help}`,
    retryable: false,
  });
}
