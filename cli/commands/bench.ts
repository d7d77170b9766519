/** `bench`: measures this project against its promises and against others; one subcommand for each benchmark. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';

/** `bench/<name>/command.ts` exports `command()`, as the files beside this one do. */
const BENCHES = ['backfill', 'chaos', 'compute', 'lake', 'orchestration', 'partitions', 'spark'] as const;

// By name, not by import: no layer depends on bench/, which an installation that only runs may leave out.
const declarations = await Promise.all(
  BENCHES.map(
    async (name) =>
      (await import(new URL(`../../bench/${name}/command.ts`, import.meta.url).href)) as {
        command(): Command;
      },
  ),
);

export function command(): Command {
  const declared = new Command('bench')
    .summary('measure it against its promises and against others')
    .description(
      'Measures this project against its promises and against others, on this machine.\n\n' +
        'For figures that mean something, nothing else should run meanwhile.',
    );
  for (const bench of declarations) declared.addCommand(bench.command());
  return withExamples(declared, [
    [
      'bench compute --events 1M',
      'a day of a million events against a DuckDB script, Node, polars and PySpark',
    ],
    ['bench chaos --seed 7', 'a minute of kills, freezes and cut connections, and nothing may be lost'],
    ['bench lake', 'commits, exports and many partitions against deltalake for Python'],
    ['bench spark', "whether Spark with Delta's jars reads the tables as they are"],
  ]);
}
