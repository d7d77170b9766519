/** `notify`: the channels that people are told through, how they do, and trying them. */
import { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { withExamples } from '../help.ts';

export function command(): Command {
  const declared = new Command('notify')
    .summary('notification channels: how they do, and a test message')
    .description(
      'The channels of the configuration that people are told through of failures, retries, recoveries, deadlines and restatements.',
    );
  const list = declared
    .command('list', { isDefault: true })
    .description('The channels: what they are told of, what waits for them, their last failure.')
    // As the default it is called with options that "notify" itself has taken.
    .action(async (_options: CommonOptions, list: Command) => {
      const { listChannels } = await import('../notify/list-channels.ts');
      await listChannels(list.optsWithGlobals());
    });
  withExamples(list, [['notify list', 'all of them']]);
  const test = declared
    .command('test')
    .description(
      'Sends a test message through each channel, at once and once. The exit code is 0 only if all were taken.',
    )
    .argument('[channel...]', 'only these')
    .action(async (names: readonly string[], options: CommonOptions) => {
      const { testChannels } = await import('../notify/test-channels.ts');
      await testChannels(names, options);
    });
  withExamples(test, [
    ['notify test', 'through all channels'],
    ['notify test oncall', 'only through this one'],
  ]);
  return withExamples(declared, [
    ['notify', 'how the channels do'],
    ['notify test', 'a test message through each'],
  ]);
}
