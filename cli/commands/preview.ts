/** `preview`: look at days that were computed aside, and publish or discard them. */
import { Command } from 'commander';
import { withExamples } from '../help.ts';
import { DROPS_OPTION, LAKE_OPTION } from '../lake-option.ts';
import { parseCount } from '../parse-number.ts';
import type { SourceOptions } from '../partitions/partition-sources.ts';
import type { DiffPreviewCommandOptions } from '../preview/diff-preview.ts';
import type { DiscardOptions } from '../preview/discard-preview.ts';
import type { PublishCommandOptions } from '../preview/publish-preview.ts';

const ID = 'p20181101093000-4f2a61';

export function command(): Command {
  const declared = new Command('preview')
    .summary('look at days computed aside, then publish or discard them')
    .description(
      'Days that were computed aside, with "run --stage" or "backfill plan --stage": how they differ from what readers ' +
        'see, per table and per merchant, and what the checks say; then published as they are, or discarded.',
    );
  for (const below of [list(), show(), diff(), publish(), discard()]) declared.addCommand(below);
  return withExamples(declared, [
    ['preview list', 'what was computed aside'],
    [`preview diff ${ID}`, 'what would change'],
    [`preview publish ${ID}`, 'make it so'],
  ]);
}

function list(): Command {
  const declared = new Command('list')
    .description('Previews, newest first.')
    .addOption(LAKE_OPTION())
    .action(async (options: SourceOptions) => {
      const { listPreviews } = await import('../preview/look-at-previews.ts');
      await listPreviews(options);
    });
  return withExamples(declared, [['preview list', 'what was computed aside, and what became of it']]);
}

function show(): Command {
  const declared = ofPreview(
    'show',
    'The state of every day: ready, unchanged, blocked by a check, drifted, or missing.',
  ).action(async (id: string, options: SourceOptions) => {
    const { showPreview } = await import('../preview/look-at-previews.ts');
    await showPreview(id, options);
  });
  return withExamples(declared, [[`preview show ${ID}`, 'whether it can be published']]);
}

function diff(): Command {
  const declared = ofPreview(
    'diff',
    'How rows, users, dwell and averages would change per table and per merchant, and what the checks say, against ' +
      'what readers see now. Merchants are those of merchant_day: small groups are suppressed on both sides.',
  )
    .option('--days', 'every day of every table', false)
    .option('--top <count>', 'how many merchants, those that change most first', parseCount, 10)
    .option('--merchant <id>', 'one merchant, day by day')
    .action(async (id: string, options: DiffPreviewCommandOptions) => {
      const { showDiff } = await import('../preview/diff-preview.ts');
      await showDiff(id, options);
    });
  return withExamples(declared, [
    [`preview diff ${ID}`, 'tables, the ten merchants that change most, checks'],
    [`preview diff ${ID} --days`, 'and day by day'],
    [`preview diff ${ID} --merchant 2310`, 'one merchant, day by day'],
    [`preview diff ${ID} --json`, 'all of it, for a program'],
  ]);
}

function publish(): Command {
  const declared = ofPreview(
    'publish',
    'Publishes the bytes that were computed: each table takes all days in one version; then comparisons, exports and ' +
      'the feed follow. Refuses when drops, code or published versions have changed since, and when a check blocks a ' +
      'day. Who was interrupted runs it again.',
  )
    .option('--reason <text>', 'why; kept in the history and told to readers')
    .action(async (id: string, options: PublishCommandOptions) => {
      const { publish: run } = await import('../preview/publish-preview.ts');
      await run(id, options);
    });
  return withExamples(declared, [
    [`preview publish ${ID} --reason "silence of 15 minutes"`, 'what was looked at is what readers get'],
  ]);
}

function discard(): Command {
  const declared = ofPreview(
    'discard',
    'Deletes a preview and all its files. What is published stays as it is.',
  )
    .option('--force', 'also one that is half published', false)
    .action(async (id: string, options: DiscardOptions) => {
      const { discard: run } = await import('../preview/discard-preview.ts');
      await run(id, options);
    });
  return withExamples(declared, [[`preview discard ${ID}`, 'as if it had never been']]);
}

function ofPreview(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<id>', 'id of the preview, as "preview list" shows it')
    .addOption(LAKE_OPTION())
    .addOption(DROPS_OPTION());
}
