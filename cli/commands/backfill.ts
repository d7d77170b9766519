/** `backfill`: plan what to make again, look at it, apply it, and steer what goes on. */
import { Command, InvalidArgumentError } from 'commander';
import { REPROCESS, type Reprocess } from '../../engine/backfill/backfill-plan.ts';
import type { ApplyOptions } from '../backfill/apply-backfill.ts';
import type { ShowBackfillOptions } from '../backfill/look-at-backfills.ts';
import type { PlanCommandOptions } from '../backfill/plan-backfill.ts';
import { withExamples } from '../help.ts';
import { DROPS_OPTION, LAKE_OPTION } from '../lake-option.ts';
import { parseDay } from '../parse-day.ts';
import { parseCount } from '../parse-number.ts';
import { collectParam } from '../parse-param.ts';
import type { SourceOptions } from '../partitions/partition-sources.ts';

const ID = '20181101093000-4f2a61';

export function command(): Command {
  const declared = new Command('backfill')
    .summary('make past days again: plan, look, apply')
    .description(
      'Makes past days again. A plan says for each partition what happens and why; it is kept under an id, and ' +
        'applying it does exactly that, or nothing when things have changed since.',
    );
  for (const below of [plan(), apply(), list(), show(), pause(), resume(), cancel()])
    declared.addCommand(below);
  return withExamples(declared, [
    ['backfill plan nightly --from 2018-09-01 --to 2018-10-31', 'what is not as it should be, and why'],
    [`backfill apply ${ID}`, 'do it'],
    [`backfill show ${ID} --watch`, 'how far it is'],
  ]);
}

function plan(): Command {
  const declared = new Command('plan')
    .summary('say what would be done, and keep it under an id')
    .description(
      'Says for each partition of a range of days whether it would be made again, and why or why not; how many tasks ' +
        'and how much time that takes, and whether the nightly run meets it. Nothing is started.',
    )
    .argument('<dag>', 'name of the DAG: nightly')
    .addOption(LAKE_OPTION())
    .addOption(DROPS_OPTION())
    .option('--from <date>', 'first day (default: the first with a row or a version)', parseDay)
    .option('--to <date>', 'last day', parseDay)
    .option(
      '--reprocess <states>',
      'missing, failed, stale, or all, which makes fresh days again, too; several with commas',
      parseReprocess,
      ['missing', 'failed', 'stale'],
    )
    .option('--assets <tables>', 'only because of these tables, with commas (a run makes all)', parseNames)
    .option('--params <name=value>', 'parameter of the runs, may be repeated', collectParam, {})
    .option('--backwards', 'the newest day first', false)
    .option('--max-active <count>', 'days at a time', parseAtLeastOne, 2)
    .option('--fused', 'one run for all days, each made in one go by one worker: for small days', false)
    .option('--stage', 'compute aside, into a preview: look at it, then publish or discard it', false)
    .option('--apply', 'and apply it at once, without a look', false)
    .option('--local', 'with --apply: in this process, also when there is a Redis', false)
    .option('--wait', 'with --apply: wait for its end', false)
    .action(async (dagId: string, options: PlanCommandOptions) => {
      const { planBackfill } = await import('../backfill/plan-backfill.ts');
      await planBackfill(dagId, options);
    });
  return withExamples(declared, [
    ['backfill plan nightly --from 2018-09-01 --to 2018-10-31', 'missing, failed and stale days'],
    ['backfill plan nightly --reprocess stale --backwards', 'all stale days, the newest first'],
    ['backfill plan nightly --reprocess stale --apply', 'make all stale days again'],
    ['backfill plan nightly --from 2018-01-01 --fused', 'months of small days, without a hop per task'],
    ['backfill plan nightly --from 2018-10-01 --params inactivity_timeout_s=900', 'another silence'],
    ['backfill plan nightly --params inactivity_timeout_s=900 --stage --apply', 'tried first, aside'],
  ]);
}

function apply(): Command {
  const declared = ofBackfill(
    'apply',
    'Does exactly what was planned; refuses when things have changed since.',
  )
    .option('--max-active <count>', 'days at a time (default: as planned)', parseAtLeastOne)
    .option('--local', 'in this process, also when there is a Redis', false)
    .option('--wait', 'wait for its end; the exit code is 0 only if all days succeed', false)
    .option('--dry-run', 'only say what would be run, and what has changed', false)
    .action(async (id: string, options: ApplyOptions) => {
      const { applyBackfill } = await import('../backfill/apply-backfill.ts');
      await applyBackfill(id, options);
    });
  return withExamples(declared, [
    [`backfill apply ${ID}`, 'hand it to the workers; without Redis, run it here'],
    [`backfill apply ${ID} --max-active 8 --wait`, 'eight days at a time, until all are done'],
    [`backfill apply ${ID} --dry-run`, 'whether it still fits'],
  ]);
}

function list(): Command {
  const declared = new Command('list')
    .description('Backfills, newest first.')
    .addOption(LAKE_OPTION())
    .action(async (options: SourceOptions) => {
      const { showBackfills } = await import('../backfill/look-at-backfills.ts');
      await showBackfills(options);
    });
  return withExamples(declared, [['backfill list', 'what was planned, and what became of it']]);
}

function show(): Command {
  const declared = ofBackfill('show', 'A backfill with its progress, and how long what is left will take.')
    .option('--watch', 'look until it ends', false)
    .action(async (id: string, options: ShowBackfillOptions) => {
      const { showBackfill } = await import('../backfill/look-at-backfills.ts');
      await showBackfill(id, options);
    });
  return withExamples(declared, [
    [`backfill show ${ID}`, 'how far it is'],
    [`backfill show ${ID} --watch`, 'until it ends'],
  ]);
}

function pause(): Command {
  const declared = ofBackfill('pause', 'Lets no further day begin; days that run may end.').action(
    async (id: string, options: SourceOptions) => {
      const { pauseBackfill } = await import('../backfill/change-backfill.ts');
      await pauseBackfill(id, options);
    },
  );
  return withExamples(declared, [[`backfill pause ${ID}`, 'until it is resumed']]);
}

function resume(): Command {
  const declared = ofBackfill(
    'resume',
    'Goes on with the days that have not ended well, after a pause, a cancel, a failure or a crash.',
  )
    .option('--max-active <count>', 'days at a time (default: as before)', parseAtLeastOne)
    .option('--wait', 'wait for its end; the exit code is 0 only if all days succeed', false)
    .action(async (id: string, options: ApplyOptions) => {
      const { resumeBackfill } = await import('../backfill/apply-backfill.ts');
      await resumeBackfill(id, options);
    });
  return withExamples(declared, [[`backfill resume ${ID}`, 'what is left']]);
}

function cancel(): Command {
  const declared = ofBackfill('cancel', 'Ends the days that run and takes back those that wait.').action(
    async (id: string, options: SourceOptions) => {
      const { cancelBackfill } = await import('../backfill/change-backfill.ts');
      await cancelBackfill(id, options);
    },
  );
  return withExamples(declared, [[`backfill cancel ${ID}`, 'end it now; it can be resumed']]);
}

function ofBackfill(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<id>', 'id of the backfill, as "backfill list" shows it')
    .addOption(LAKE_OPTION())
    .addOption(DROPS_OPTION());
}

function parseReprocess(text: string): readonly Reprocess[] {
  const states = parseNames(text);
  const known = new Set<string>(REPROCESS);
  if (states.every((state) => known.has(state))) return states as Reprocess[];
  throw new InvalidArgumentError(`It must be some of ${REPROCESS.join(', ')}.`);
}

function parseNames(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function parseAtLeastOne(text: string): number {
  const count = parseCount(text);
  if (count >= 1) return count;
  throw new InvalidArgumentError('It must be at least 1.');
}
