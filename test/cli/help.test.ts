/** The help: complete for every command, and what its examples show exists. */
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { addCommonOptions } from '../../cli/common-options.ts';
import { type CommandResult, runFlyerline } from '../support/run-command.ts';

const commands = (await Promise.all(COMMANDS.map(({ load }) => load()))).map((file) => file.command());
for (const command of commands) addCommonOptions(command);
const all = commands.flatMap((command) => withSubcommands([command]));

/** Examples as they stand in a help text, without the program and the comment. */
const EXAMPLE = /^ {2}\.\/flyerline (.+?)(?: {2,}#.*)?$/gm;

describe('./flyerline --help', () => {
  let help: CommandResult;
  beforeAll(async () => {
    help = await runFlyerline(['--help']);
  });

  it('names every command with its summary, in groups, and shows examples', () => {
    const { exitCode, stdout, stderr } = help;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const { group } of COMMANDS) expect(stdout).toContain(`\n${group}:\n`);
    for (const command of commands)
      expect(stdout).toMatch(new RegExp(`^ {2}${command.name()}\\b.* {2}\\S`, 'm'));
    expect(stdout).toContain('\nExamples:\n');
  });

  it('shows examples that can be typed', () => {
    const examples = [...help.stdout.matchAll(EXAMPLE)]
      .map(([, line]) => line!)
      .filter((line) => !line.startsWith('<'));
    expect(examples.length).toBeGreaterThan(0);
    for (const line of examples) checkExample(line);
  });

  it('is also what "help" prints, and "help <command>" prints that of the command', async () => {
    expect((await runFlyerline(['help'])).stdout).toBe(help.stdout);
    expect((await runFlyerline(['help', 'test'])).stdout).toBe(
      (await runFlyerline(['test', '--help'])).stdout,
    );
  });

  it('is printed, with the exit code of a wrong call, when no command is given', async () => {
    const { exitCode, stderr } = await runFlyerline([]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Usage: ./flyerline <command>');
  });
});

describe.each(all.map((path) => [path.map((command) => command.name()).join(' '), path] as const))(
  './flyerline %s --help',
  (line, path) => {
    const command = path.at(-1)!;
    let printed: CommandResult;
    beforeAll(async () => {
      printed = await runFlyerline([...line.split(' '), '--help']);
    });

    it('has a description, options and examples, none wider than 100 columns', () => {
      const { exitCode, stdout, stderr } = printed;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain(`Usage: ./flyerline ${line}`);
      expect(command.description()).not.toBe('');
      expect(stdout).toMatch(/^Options:$/m);
      expect(stdout).toMatch(/^Examples:$/m);
      const [help] = stdout.split('Examples:');
      expect(help!.split('\n').filter((text) => text.length > 100)).toEqual([]);
    });

    it('shows examples that can be typed', () => {
      const examples = [...printed.stdout.matchAll(EXAMPLE)].map(([, example]) => example!);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(example).toMatch(new RegExp(`^${line}\\b`));
        checkExample(example);
      }
    });

    it('describes every argument and option', () => {
      const undescribed = [...command.options, ...command.registeredArguments].filter(
        ({ description }) => description === '',
      );
      expect(undescribed).toEqual([]);
    });
  },
);

/** The command and each of its options exist. */
function checkExample(line: string): void {
  const words = line.split(/\s+/);
  let found: Command | undefined;
  for (let among: readonly Command[] = commands; ; among = found.commands) {
    const next = among.find((command) => command.name() === words[0]);
    if (next === undefined) break;
    found = next;
    words.shift();
  }
  expect(found, `the command of "${line}"`).toBeDefined();
  const known = found!.options.flatMap(({ long, short }) => [long, short]);
  const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0]);
  expect(
    flags.filter((flag) => flag !== '--help' && !known.includes(flag)),
    `unknown options of "${line}"`,
  ).toEqual([]);
}

function withSubcommands(path: readonly Command[]): Command[][] {
  const below = path.at(-1)!.commands.flatMap((command) => withSubcommands([...path, command]));
  return [[...path], ...below];
}
