/** `bench orchestration`: what one can ask of it. What is measured is imported when it runs. */
import { Command, InvalidArgumentError } from 'commander';
import { withExamples } from '../../cli/help.ts';
import { parseCount } from '../../cli/parse-number.ts';
import { SCENARIO_NAMES, type ScenarioName } from './result.ts';
import type { OrchestrationOptions } from './run-orchestration.ts';

export function command(): Command {
  const declared = new Command('orchestration')
    .summary('hops, chains, fan-outs and backfills through Redis and two workers')
    .description(
      'Starts a private Redis, a scheduler and two workers as processes, and measures what the engine costs: tasks do ' +
        'next to nothing. Beside it stand the figures that others have published for the same on their machines, and ' +
        'what Prefect and Airflow take on this one: they are installed into .runtime/ on first use. The exit code is 1 ' +
        'when a promise is not kept.',
    )
    .option('--only <scenario>', `${SCENARIO_NAMES.join(', ')}; may be repeated`, collect, [])
    .option('--skip <scenario>', 'all but this one; may be repeated', collect, [])
    .option('--concurrency <count>', 'attempts of each worker at a time', parseCount, 2)
    .option('--width <count>', 'elements of the fan-out', parseCount, 10_000)
    .option('--days <count>', 'days of the backfill, of 64 tasks each', parseCount, 1_000)
    .action(async (options: OrchestrationOptions) => {
      const { runOrchestration } = await import('./run-orchestration.ts');
      await runOrchestration(options);
    });
  return withExamples(declared, [
    ['bench orchestration', 'everything, some minutes'],
    ['bench orchestration --skip prefect --skip airflow', 'nothing to install, about two minutes'],
    ['bench orchestration --only backfill --days 100', 'a short backfill'],
  ]);
}

function collect(text: string, before: readonly ScenarioName[]): readonly ScenarioName[] {
  const name = SCENARIO_NAMES.find((known) => known === text);
  if (name === undefined) throw new InvalidArgumentError(`Choose one of: ${SCENARIO_NAMES.join(', ')}.`);
  return [...before, name];
}
