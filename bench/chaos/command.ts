/** `bench chaos`: what one can ask of it. What is done is imported when it runs. */
import { Command } from 'commander';
import { withExamples } from '../../cli/help.ts';
import { parseCount } from '../../cli/parse-number.ts';
import type { ChaosOptions } from './run-chaos.ts';

export function command(): Command {
  const declared = new Command('chaos')
    .summary('kills, freezes and cuts off everything while runs go on, and checks that nothing is lost')
    .description(
      'Starts a Redis, schedulers and workers of its own, lets runs of random DAGs go on, and kills, freezes and cuts off all ' +
        'of them, as the seed says. Then compares every run with the same one undisturbed: states, effects, bytes, counters. ' +
        'The exit code is 1 when anything differs; the seed brings the same faults again.',
    )
    .option('--seed <number>', 'decides DAGs, behaviour and faults (default: by the clock)', parseCount)
    .option('--minutes <minutes>', 'how long faults are inflicted', Number, 1)
    .option('--workers <count>', 'with two attempts each', parseCount, 3)
    .option('--schedulers <count>', 'of which one leads', parseCount, 2)
    .action(async (options: ChaosOptions) => {
      const { runChaos } = await import('./run-chaos.ts');
      await runChaos(options);
    });
  return withExamples(declared, [
    ['bench chaos', 'a minute of it'],
    ['bench chaos --seed 7 --minutes 5', 'five minutes, the same faults each time'],
  ]);
}
