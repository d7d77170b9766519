/** `bench compute`: what one can ask of it. What is measured is imported when it runs. */
import { Command, Option } from 'commander';
import { withExamples } from '../../cli/help.ts';
import { parseCount } from '../../cli/parse-number.ts';
import {
  type ComputeOptions,
  PEERS,
  parseCounts,
  parseFormats,
  parseMemoryLimits,
  parsePeers,
} from './options.ts';

type CommandOptions = Omit<ComputeOptions, 'memoryLimits'> & { readonly memoryLimit: number[] };

export function command(): Command {
  const declared = new Command('compute')
    .summary('a day from drops to exports, against DuckDB, Node, polars and PySpark')
    .description(
      'Runs whole nightly days of generated drops, publishing and exports included, with the local executor, and what ' +
        'others would write for the same result: a bare DuckDB script, plain Node, polars, PySpark.\n\n' +
        'Contenders run one at a time, each as a process of its own, and have to find the same user_flyer_day, row for ' +
        'row; the exit code is 1 when one does not. Drops are generated once and kept in .flyerline/bench. Python ' +
        'packages are installed into .runtime on first use.',
    )
    .addOption(
      new Option('--events <counts>', 'rows of each day: 1M,10M,50M')
        .argParser(parseCounts)
        .default([1_000_000], '1M'),
    )
    .addOption(
      new Option('--formats <formats>', 'of the drops: csv.gz,csv,ndjson')
        .argParser(parseFormats)
        .default(['csv.gz'], 'csv.gz'),
    )
    .addOption(
      new Option('--peers <names>', `who to compare with: ${PEERS.join(',')}; or none`)
        .argParser(parsePeers)
        .default(PEERS, 'all'),
    )
    .addOption(
      new Option('--memory-limit <sizes>', "Flyerline's memory limits: 1GiB,512MiB")
        .argParser(parseMemoryLimits)
        .default([1024 ** 3], '1GiB'),
    )
    .option('--runs <count>', 'runs of each contender (default: 3, above 10M events 1)', parseCount)
    .option('--no-small-day', 'leave out how long a day of 20,000 events takes')
    .option('--keep <dir>', 'keep what the contenders wrote')
    .action(async ({ memoryLimit, ...options }: CommandOptions) => {
      const { runCompute } = await import('./run-compute.ts');
      await runCompute({ ...options, memoryLimits: memoryLimit });
    });
  return withExamples(declared, [
    ['bench compute --peers duckdb', 'a million events, against the bare DuckDB script'],
    ['bench compute --events 10M --formats csv.gz,csv,ndjson', 'everybody, all formats'],
    [
      'bench compute --events 10M,50M --peers duckdb --memory-limit 1GiB,512MiB',
      'does it scale, does it keep its limits',
    ],
  ]);
}
