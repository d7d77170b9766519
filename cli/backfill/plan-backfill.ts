/** `backfill plan`: says what would be done, day by day, and keeps it under an id. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Reprocess } from '../../engine/backfill/backfill-plan.ts';
import { putBackfill } from '../../engine/backfill/backfill-store.ts';
import { durationEstimate } from '../../engine/backfill/estimate-duration.ts';
import { planBackfill as plan } from '../../engine/backfill/plan-backfill.ts';
import { MAP_COUNT_MAX } from '../../engine/expansion.ts';
import { FlyerlineError } from '../../infra/errors.ts';
import { newPreviewId } from '../../lake/preview/preview-id.ts';
import type { LiveDrops } from '../../tasks/partitions/live-drops.ts';
import { NIGHTLY_ASSETS } from '../../tasks/partitions/partition-facts.ts';
import { readPastRuns } from '../../tasks/partitions/past-runs.ts';
import { readNewDrops } from '../../tasks/partitions/read-new-drops.ts';
import { readLiveDrops } from '../../tasks/partitions/read-partitions.ts';
import type { CommandContext } from '../command-context.ts';
import { interruptSignal } from '../interrupt.ts';
import {
  metricParamsInUse,
  type SourceOptions,
  type Stores,
  withStores,
} from '../partitions/partition-sources.ts';
import { formatCount, ProgressDisplay } from '../terminal.ts';
import { applyBackfill } from './apply-backfill.ts';
import { backfilledDag, factsInUse, nextRunAtMs, paramsInUse } from './plan-in-use.ts';
import { planText } from './plan-text.ts';

export interface PlanCommandOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly reprocess: readonly Reprocess[];
  readonly assets?: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly backwards: boolean;
  readonly maxActive: number;
  readonly fused: boolean;
  /** Its runs compute for a preview, which has the id of the backfill. */
  readonly stage: boolean;
  readonly apply: boolean;
  readonly local: boolean;
  readonly wait: boolean;
}

export async function planBackfill(dagId: string, options: PlanCommandOptions): Promise<void> {
  const dag = backfilledDag(dagId);
  const assets = checkedAssets(options.assets);
  const made = await withStores(options, 'write', async (stores, context) => {
    const { config, json } = context;
    const params = paramsInUse(dag, config, options.params);
    const range = { from: options.from, to: options.to, params };
    const drops = await readWhatIsNew(stores, context, options, params);
    const read = await factsInUse(stores, config, { ...range, drops });
    const past = await readPastRuns(stores.lake, read?.heads);
    const nowMs = Date.now();
    const unread = (read?.drops.unreadOfDay.size ?? 0) + (read?.drops.unreadElsewhere.length ?? 0);
    const previewId = options.stage ? newPreviewId(nowMs) : undefined;
    const planned = plan({
      id: previewId,
      dagId,
      dagVersion: dag.graph.version,
      taskCount: dag.graph.tasks.length,
      facts: read?.facts ?? [],
      assets,
      reprocess: options.reprocess,
      // What was given, not what it comes to: the configuration may say the rest when it is applied.
      params: {
        ...config.dags[dagId]?.params,
        ...options.params,
        ...(previewId === undefined ? {} : { preview: previewId }),
      },
      backwards: options.backwards,
      maxActive: options.maxActive,
      fused: options.fused,
      allRead: unread === 0,
      estimateMs: durationEstimate(past),
      historyRuns: past.length,
      nowMs,
      nightlyAtMs: nextRunAtMs(dag, nowMs),
    });
    if (options.fused) checkFused(planned.summary.runDays);
    await putBackfill(stores.lake, planned);
    const text = json ? JSON.stringify(planned) : planText(planned, read?.runsKnown ?? false);
    // With --json there is one object on stdout: that of what is done last.
    if (!json || !options.apply) process.stdout.write(`${text}\n`);
    return planned;
  });
  if (options.apply) await applyBackfill(made.id, options);
}

/** Until a drop has been read, nobody knows which days it is of. Resolves to the drops that there are, unless that has changed them. */
async function readWhatIsNew(
  stores: Stores,
  { config, log }: CommandContext,
  { from }: PlanCommandOptions,
  runParams: Readonly<Record<string, unknown>>,
): Promise<LiveDrops | undefined> {
  const params = metricParamsInUse(config, runParams);
  const drops = await readLiveDrops(stores, params);
  const { unreadOfDay, unreadElsewhere } = drops;
  const count = [...unreadOfDay.values()].reduce((sum, keys) => sum + keys.length, unreadElsewhere.length);
  if (count === 0) return drops;
  await mkdir(config.scratchDir, { recursive: true });
  const scratchDir = await mkdtemp(join(config.scratchDir, 'plan-'));
  const display = new ProgressDisplay();
  const label = `reading ${formatCount(count)} new ${count === 1 ? 'drop' : 'drops'}`;
  display.update('read', { label, state: 'running' });
  try {
    await readNewDrops(
      { ...config, ...stores, scratchDir },
      {
        ...{ params, scratchDir, log, signal: interruptSignal() },
        day: from ?? new Date().toISOString().slice(0, 10),
        progress: (done, total) => display.update('read', { done, total }),
      },
    );
    display.update('read', { state: 'done' });
  } finally {
    display.stop();
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** Throws FL_USAGE. */
function checkFused(runDays: number): void {
  if (runDays <= MAP_COUNT_MAX) return;
  throw new FlyerlineError('FL_USAGE', {
    subject: 'A fused backfill',
    reason: `of ${formatCount(runDays)} days is too large for one run`,
    remedy: `plan at most ${formatCount(MAP_COUNT_MAX)} days at a time, or leave --fused out`,
    retryable: false,
  });
}

/** Throws FL_USAGE. */
function checkedAssets(asked: readonly string[] | undefined): readonly string[] {
  const unknown = asked?.find((name) => !NIGHTLY_ASSETS.includes(name));
  if (unknown === undefined) return asked ?? NIGHTLY_ASSETS;
  throw new FlyerlineError('FL_USAGE', {
    subject: `Asset "${unknown}"`,
    reason: 'is not made by nightly',
    remedy: `use some of ${NIGHTLY_ASSETS.join(', ')}`,
    retryable: false,
  });
}
