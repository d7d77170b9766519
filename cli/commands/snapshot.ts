/** `snapshot`: versions of tables under a name, which stay readable as they are. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';
import type { CreateOptions } from '../snapshot/create-snapshot.ts';
import type { SnapshotOptions } from '../snapshot/list-snapshots.ts';
import type { ShowOptions } from '../snapshot/show-snapshot.ts';

export function command(): Command {
  const declared = new Command('snapshot')
    .summary('freeze versions of tables under a name, for training sets and reports')
    .description(
      'Freezes versions of tables under a name: what is read of them today can be read again, row by row and byte by ' +
        'byte, whatever is restated, rolled back or collected in the meantime.\n\n' +
        'A snapshot copies nothing. It keeps "gc" from deleting the files it names, until it is deleted itself. Read it with ' +
        '"sql --snapshot", "export … --snapshot", or any Delta reader at the versions that "show" names.',
    );
  for (const below of [create(), list(), show(), remove()]) declared.addCommand(below);
  return withExamples(declared, [
    ['snapshot create churn-v3 --from 2018-09-01 --to 2018-10-31', 'two months of all tables'],
    ['snapshot show churn-v3', 'versions, and what has been restated since'],
  ]);
}

function create(): Command {
  const declared = new Command('create')
    .summary('freeze tables as they are now')
    .description(
      'Freezes tables as they are now. Their days must belong together: while a run is publishing one, it waits; and it ' +
        'refuses when tables of a day are of different runs.\n\n' +
        'A name stands for one set of rows for ever: taking it again is fine as long as the rows are the same, and refused ' +
        'otherwise.',
    )
    .argument('<name>', 'letters, digits, "-", "_" and "."')
    .addOption(LAKE_OPTION())
    .option('--from <date>', 'first day (default: the first there is)', parseDay)
    .option('--to <date>', 'last day, included (default: the last there is)', parseDay)
    .option('--tables <names>', 'clean_events,user_flyer_day; or all', 'all')
    .option('--note <text>', 'what it is for; shown in lists')
    .option('--allow-mixed', 'freeze days although their tables are of different runs', false)
    .option('--wait <seconds>', 'how long a run may take to publish the rest of a day', parseCount, 30)
    .action(async (name: string, options: CreateOptions) => {
      const { create } = await import('../snapshot/create-snapshot.ts');
      await create(name, options);
    });
  return withExamples(declared, [
    ['snapshot create churn-v3 --from 2018-09-01 --to 2018-10-31', 'two months of all tables'],
    ['snapshot create opens --tables clean_events --note "model of opens"', 'one table, all days'],
  ]);
}

function list(): Command {
  const declared = new Command('list')
    .summary('the snapshots of the lake')
    .description('The snapshots of the lake, and how many bytes only they keep from being collected.')
    .addOption(LAKE_OPTION())
    .action(async (options: SnapshotOptions) => {
      const { list } = await import('../snapshot/list-snapshots.ts');
      await list(options);
    });
  return withExamples(declared, [['snapshot list', 'all of them']]);
}

function show(): Command {
  const declared = new Command('show')
    .summary('its tables and versions, and what was restated since')
    .description(
      'What a snapshot holds: tables, Delta versions, days, rows; and which days were restated or published since.',
    )
    .argument('<name>', 'of the snapshot')
    .addOption(LAKE_OPTION())
    .option('--files', 'name the data files instead, one URL or path a line, for readers of Parquet', false)
    .option('--table <name>', 'only this table')
    .action(async (name: string, options: ShowOptions) => {
      const { show } = await import('../snapshot/show-snapshot.ts');
      await show(name, options);
    });
  return withExamples(declared, [
    ['snapshot show churn-v3', 'what it holds'],
    ['snapshot show churn-v3 --files --table clean_events', 'its Parquet files'],
  ]);
}

function remove(): Command {
  const declared = new Command('delete')
    .summary('let gc collect what only it keeps')
    .description(
      'Deletes a snapshot. Its rows stay where tables still show them; the next "gc" takes what only the snapshot kept.\n\n' +
        'It needs the credentials of "gc".',
    )
    .argument('<name>', 'of the snapshot')
    .addOption(LAKE_OPTION())
    .action(async (name: string, options: SnapshotOptions) => {
      const { remove } = await import('../snapshot/delete-snapshot.ts');
      await remove(name, options);
    });
  return withExamples(declared, [['snapshot delete churn-v3', 'nobody needs it any more']]);
}
