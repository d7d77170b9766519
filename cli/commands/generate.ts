/** `generate`: realistic drops, and the truth about them. */
import { Command, Option } from 'commander';
import { DROP_FORMATS } from '../../tasks/generate/producers.ts';
import type { GenerateCommandOptions } from '../generate/run-generate.ts';
import { withExamples } from '../help.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('generate')
    .summary('make realistic drops, and the truth about them')
    .description(
      'Makes drops as producers would send them, and truth.json, which says what a pipeline must find in them.\n\n' +
        'Shoppers of several time zones look at flyers whose merchants differ in how long they are looked at. Drops ' +
        'come in all formats, with duplicates, broken lines, late and disordered events, and one bot; every bit of ' +
        'dirt is counted. Equal options give equal bytes. Drops go to DIR/drops, the truth to DIR/truth.json.',
    )
    .requiredOption('--out <dir>', 'directory to write to; an earlier generation in it is replaced')
    .option('--days <count>', 'local days', parseCount, 3)
    .option('--start <date>', 'first day', parseDay, '2018-10-01')
    .option('--users <count>', 'shoppers; about half of them are active on a day', parseCount, 2000)
    .addOption(
      new Option('--events <count>', 'rows in all, with as many shoppers as it takes: 500k, 10M')
        .argParser(parseCount)
        .conflicts('users'),
    )
    .option('--seed <number>', 'another seed, another world', parseCount, 7)
    .option('--merchants <count>', 'merchants (default: grows with the number of shoppers)', parseCount)
    .addOption(
      new Option('--format <format>', 'one format for all drops, or a mix as seven producers send it')
        .choices(['mixed', ...DROP_FORMATS])
        .default('mixed'),
    )
    .action(async (options: GenerateCommandOptions) => {
      const { runGenerate } = await import('../generate/run-generate.ts');
      await runGenerate(options);
    });
  return withExamples(declared, [
    ['generate --out data', 'three days, 2,000 shoppers, all formats'],
    ['generate --out big --days 1 --events 10M --format csv.gz', 'for measuring'],
  ]);
}
