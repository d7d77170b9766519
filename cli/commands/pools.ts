/** `pools`: how many attempts may run at a time. */
import { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { withExamples } from '../help.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('pools')
    .summary('pools: slots, how many are taken, how much waits')
    .description('Pools limit how many attempts of the tasks that name them run at a time, over all DAGs.');
  const list = declared
    .command('list', { isDefault: true })
    .description('All pools.')
    // As the default it is called with options that "pools" itself has taken.
    .action(async (_options: CommonOptions, list: Command) => {
      const { showPools } = await import('../engine/fleet-commands.ts');
      await showPools(list.optsWithGlobals());
    });
  withExamples(list, [['pools list', 'all of them']]);
  const set = declared
    .command('set')
    .description('Gives a pool slots. What runs above that goes on.')
    .argument('<pool>', 'name of the pool')
    .argument('<slots>', 'attempts at a time; 0 lets none begin', parseCount)
    .action(async (pool: string, slots: number, options: CommonOptions) => {
      const { setPool } = await import('../engine/fleet-commands.ts');
      await setPool(pool, slots, options);
    });
  withExamples(set, [['pools set default 8', 'eight at a time']]);
  const unset = declared
    .command('unset')
    .description('Takes the limit of a pool away.')
    .argument('<pool>', 'name of the pool')
    .action(async (pool: string, options: CommonOptions) => {
      const { setPool } = await import('../engine/fleet-commands.ts');
      await setPool(pool, undefined, options);
    });
  withExamples(unset, [['pools unset default', 'as many as there are workers for']]);
  return withExamples(declared, [
    ['pools', 'all of them'],
    ['pools set default 8', 'eight at a time'],
  ]);
}
