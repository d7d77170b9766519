/** `gc`: deletes what nobody can need any more. */
import { Command } from 'commander';
import { BACKFILL_RETENTION_DAYS } from '../../engine/backfill/old-backfills.ts';
import { PREVIEW_RETENTION_DAYS } from '../../lake/preview/collect-previews.ts';
import { withExamples } from '../help.ts';
import type { GcCommandOptions } from '../lake/collect-garbage.ts';
import { LAKE_OPTION } from '../lake-option.ts';
import { parseCount } from '../parse-number.ts';

export function command(): Command {
  const declared = new Command('gc')
    .summary('delete files that no version needs any more')
    .description(
      'Deletes what nobody can need any more: files that newer versions replaced, what runs left that died, the ' +
        'history of runs, and plans of backfills, of long ago.\n\n' +
        'Safe while runs go on. It is the only command that deletes files of tables; what snapshots name stays. Only it, ' +
        '"snapshot delete" and "preview discard" need credentials that may delete.',
    )
    .option('--dry-run', 'only say what would be deleted', false)
    .option(
      '--keep-replaced-days <days>',
      'how long replaced files stay for older versions and rollbacks',
      parseCount,
      30,
    )
    .option('--keep-younger-days <days>', 'spare whatever is younger', parseCount, 7)
    .option('--keep-runs-days <days>', 'how long the history of runs stays', parseCount, 365)
    .option(
      '--keep-backfills-days <days>',
      'how long a backfill stays after its last change',
      parseCount,
      BACKFILL_RETENTION_DAYS,
    )
    .option(
      '--keep-previews-days <days>',
      'how long previews stay that nobody published or discarded',
      parseCount,
      PREVIEW_RETENTION_DAYS,
    )
    .addOption(LAKE_OPTION())
    .action(async (options: GcCommandOptions) => {
      const { gc } = await import('../lake/collect-garbage.ts');
      await gc(options);
    });
  return withExamples(declared, [
    ['gc --dry-run', 'what would be deleted, and how much'],
    ['gc --keep-runs-days 90', 'forget runs earlier'],
  ]);
}
