/** `gc`: deletes what nobody can need any more, or says what it would delete. */
import { checkOldRuns, deleteOldRuns, findOldRuns, type OldRun } from '../../engine/archive/old-runs.ts';
import {
  checkOldBackfills,
  deleteOldBackfills,
  findOldBackfills,
  type OldBackfill,
} from '../../engine/backfill/old-backfills.ts';
import { collectGarbage, countAbandonedUploads, findGarbage, type Garbage } from '../../lake/gc.ts';
import {
  collectPreviewGarbage,
  findPreviewGarbage,
  type PreviewGarbage,
} from '../../lake/preview/collect-previews.ts';
import {
  collectStageGarbage,
  findStageGarbage,
  type StageGarbage,
} from '../../tasks/stage-gc/collect-stage.ts';
import { formatBytes, formatCount, table } from '../terminal.ts';
import { type LakeOptions, withLake } from './open-lake.ts';

const DAY_MS = 86_400_000;

export interface GcCommandOptions extends LakeOptions {
  readonly dryRun: boolean;
  readonly keepReplacedDays: number;
  readonly keepYoungerDays: number;
  readonly keepRunsDays: number;
  readonly keepBackfillsDays: number;
  readonly keepPreviewsDays: number;
}

type AnyGarbage = Garbage | StageGarbage | OldRun | OldBackfill | PreviewGarbage;

const WHAT: Readonly<Record<AnyGarbage['kind'], string>> = {
  replaced: 'data files that newer versions replaced',
  orphan: 'data files of runs that died before the commit',
  claim: 'old claims',
  manifest: 'manifests of versions that are gone',
  checks: 'results of checks of what is gone',
  scratch: 'files that tasks left for each other',
  probe: 'leftovers of the probe',
  unstaged: 'staged files of runs that died',
  batch: 'batches that count no longer: set aside, their files go later',
  retired: 'staged files of batches that were set aside',
  inputs: 'inputs documents that no version names',
  run: 'runs of long ago, and their logs',
  backfill: 'plans of backfills that nobody has touched for long',
  preview: 'previews that were discarded, or left alone',
  'preview-scratch': 'files that tasks left for each other in previews',
};

export async function gc(options: GcCommandOptions): Promise<void> {
  await withLake(options, options.dryRun ? 'read' : 'write', async (store, { json }) => {
    const limits = {
      retentionMs: options.keepReplacedDays * DAY_MS,
      graceMs: options.keepYoungerDays * DAY_MS,
    };
    const previews = {
      previewRetentionMs: options.keepPreviewsDays * DAY_MS,
      graceMs: limits.graceMs,
    };
    const runs = { keptMs: options.keepRunsDays * DAY_MS };
    const backfills = { keptMs: options.keepBackfillsDays * DAY_MS };
    // Before anything is touched; whoever collects first checks its own.
    checkOldRuns(runs);
    checkOldBackfills(backfills);
    const found: AnyGarbage[] = [];
    const add = (garbage: AnyGarbage) => found.push(garbage);
    let uploads = 0;
    if (options.dryRun) {
      for await (const garbage of findGarbage(store, limits)) add(garbage);
      for await (const garbage of findStageGarbage(store, limits)) add(garbage);
      for await (const garbage of findOldRuns(store, runs)) add(garbage);
      for await (const garbage of findOldBackfills(store, backfills)) add(garbage);
      for await (const garbage of findPreviewGarbage(store, previews)) add(garbage);
      uploads = await countAbandonedUploads(store, limits);
    } else {
      // Manifests first: an inputs document lives as long as a manifest names it.
      ({ uploads } = await collectGarbage(store, limits, add));
      await collectStageGarbage(store, limits, add);
      await deleteOldRuns(store, runs, add);
      await deleteOldBackfills(store, backfills, add);
      await collectPreviewGarbage(store, previews, add);
    }
    const bytes = sizeOf(found);
    if (json) {
      const objects = found.map(({ key, kind, size }) => ({ key, kind, size }));
      process.stdout.write(`${JSON.stringify({ dryRun: options.dryRun, bytes, uploads, objects })}\n`);
      return;
    }
    const verb = options.dryRun ? 'would be deleted' : 'deleted';
    const lines = [`${formatCount(found.length)} objects, ${formatBytes(bytes)}, ${verb}.`];
    if (uploads > 0) {
      lines.push(
        `${formatCount(uploads)} abandoned uploads ${options.dryRun ? 'would be aborted' : 'aborted'}.`,
      );
    }
    if (found.length > 0) lines.push('', byKind(found));
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}

function byKind(found: readonly AnyGarbage[]): string {
  return table(
    [...Map.groupBy(found, ({ kind }) => kind)],
    [
      { header: 'What', value: ([kind]) => WHAT[kind] },
      { header: 'Objects', value: ([, objects]) => formatCount(objects.length), align: 'right' },
      { header: 'Size', value: ([, objects]) => formatBytes(sizeOf(objects)), align: 'right' },
      { header: 'For example', value: ([, objects]) => objects[0]!.key },
    ],
  );
}

function sizeOf(found: readonly AnyGarbage[]): number {
  return found.reduce((total, { size }) => total + size, 0);
}
