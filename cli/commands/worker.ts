/** `worker`: one worker in the foreground. */
import { Command } from 'commander';
import type { WorkerCommandOptions } from '../engine/run-process.ts';
import { withExamples } from '../help.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('worker')
    .summary('run a worker')
    .description(
      'Runs a worker: it takes attempts from its queues and runs them in child processes.\n\n' +
        'SIGTERM lets what runs end, a second one drops it; another worker takes over.',
    )
    .option('--queue <name>', 'queue it serves, may be repeated (default: default)', collect, [])
    .option('--concurrency <count>', 'attempts at a time (default: 2)', parseCount)
    .option('--pipelines <module>', "a module with other DAGs than the project's own")
    .action(async (options: WorkerCommandOptions) => {
      const { runWorker } = await import('../engine/run-process.ts');
      await runWorker(options);
    });
  return withExamples(declared, [
    ['worker --concurrency 4', 'four attempts at a time'],
    ['worker --queue big-memory', 'only what asks for that queue'],
  ]);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
