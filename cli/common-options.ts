/** Options that every command takes. */
import { type Command, Option } from 'commander';

export interface CommonOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Adds them to the command and all below it, so that they may stand at the end of a line. */
export function addCommonOptions(command: Command): void {
  const own = new Set(command.options.map((option) => option.long));
  for (const [flags, description] of COMMON) {
    const option = new Option(flags, description).helpGroup('Common options:');
    if (!own.has(option.long)) command.addOption(option);
  }
  for (const below of command.commands) addCommonOptions(below);
}

const COMMON = [
  ['--json', 'print the result, or the error, as one JSON object on stdout'],
  ['-v, --verbose', 'log in detail on stderr, and show the stack of an error'],
] as const;
