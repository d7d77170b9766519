/** `workers`: who is at work. */
import { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { withExamples } from '../help.ts';

export function command(): Command {
  const declared = new Command('workers')
    .summary('schedulers and workers: load, version, last sign of life')
    .description(
      'The schedulers and workers that have shown a sign of life in the last 30 seconds: what they serve, how much they run.',
    )
    .action(async (options: CommonOptions) => {
      const { listWorkers } = await import('../engine/fleet-commands.ts');
      await listWorkers(options);
    });
  return withExamples(declared, [['workers', 'all of them']]);
}
