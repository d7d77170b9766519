/** Ingest: stage what is new in the drop store, and pin what a day is computed from. */
import { FlyerlineError, invariant, isFlyerlineError } from '../../infra/errors.ts';
import type { Logger } from '../../infra/log.ts';
import { claimPartition } from '../../lake/claim.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { codeVersion, stagingVersion } from '../code-version.ts';
import type { MetricParams } from '../metric-params.ts';
import type { BucketRef, ClaimTokens, DayInputs } from '../refs.ts';
import type { Services } from '../services.ts';
import { putDayInputs } from './day-inputs.ts';
import { parseParamsOf } from './parse-params.ts';
import { type Coverage, coverDrops } from './pin/cover-drops.ts';
import { findAsOf } from './pin/find-as-of.ts';
import { publishedState } from './pin/is-published.ts';
import { pinDay, readsOf } from './pin/pin-day.ts';
import { splitBatch } from './pin/split-batch.ts';
import { listDrops, type StagingIdentity } from './read/drops.ts';
import { type Lanes, openLanes } from './stage/lanes.ts';
import { readStageBatches, type StageBatch } from './stage-batch-doc.ts';
import { stageDrops } from './stage-drops.ts';

export interface IngestOptions {
  /** Local date, `YYYY-MM-DD`. */
  readonly day: string;
  readonly params: MetricParams;
  /** The tables that a run of this day commits. */
  readonly tables: readonly TableSchema[];
  /** By it the day is provisional or final (R12), epoch ms. @default the clock, when the drops are listed */
  readonly knownAtMs?: number | undefined;
  /** The attempt's own directory. */
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly progress: (done: number, total: number, note?: string) => void;
}

export interface IngestedDay {
  readonly inputsKey: string;
  readonly inputs: DayInputs;
  readonly refs: readonly BucketRef[];
  /** Whether every table is committed and published from these inputs already. */
  readonly isUpToDate: boolean;
}

/** Drops that are replaced while they are read are read again, so many times. */
const ROUNDS_MAX = 3;

/**
 * Throws FL_DROPS_EMPTY when no drop holds a row of the day and nothing was ever published of it, FL_DROP_CHANGED when producers
 * replace drops faster than they can be read, FL_PARAMS_INVALID, and the errors of the stores.
 */
export async function ingestDay(services: Services, options: IngestOptions): Promise<IngestedDay> {
  const { lake } = services;
  const { day, params, tables, knownAtMs = Date.now() } = options;
  const identity: StagingIdentity = {
    dropsUrl: services.drops.url,
    stagingVersion: await stagingVersion(),
    params: parseParamsOf(params),
  };
  // First the claims, then the listing: whoever claims later has seen whatever an earlier claim saw.
  const tokens = await claimAll(services, day, tables);
  const lanes = openLanes({ ...services, ...options, params: identity.params });
  try {
    const coverage = await stageAll(services, options, identity, lanes);
    const batches = await wholeBatches(services, options, coverage, lanes);
    const pinned = pinDay({ day, params, codeVersion: await codeVersion(), knownAtMs, batches });
    const asOfMs = await findAsOf(pinned, lake, options.scratchDir, async (use) => {
      const { done } = await lanes.start(use);
      return done;
    });
    const inputs: DayInputs = { ...pinned, asOfMs };
    const state = await publishedState(lake, tables, day, inputs.inputsHash);
    if (inputs.rowsRead === 0 && state === 'missing') throw dropsEmpty(services, day);
    const inputsKey = await putDayInputs(lake, inputs);
    return {
      inputsKey,
      inputs,
      refs: bucketRefs(inputs, inputsKey, tokens),
      isUpToDate: state === 'published',
    };
  } finally {
    await lanes.close();
  }
}

async function claimAll(
  { lake }: Services,
  day: string,
  tables: readonly TableSchema[],
): Promise<ClaimTokens> {
  const claims = tables.map(async ({ name }) => [name, await claimPartition(lake, name, day)] as const);
  return Object.fromEntries(await Promise.all(claims));
}

/** Resolves to a coverage without missing drops. */
async function stageAll(
  services: Services,
  options: IngestOptions,
  identity: StagingIdentity,
  lanes: Lanes,
): Promise<Coverage> {
  const { lake, drops } = services;
  for (let round = 1; ; round += 1) {
    const [listed, known] = await Promise.all([
      listDrops(drops, identity, lake.url),
      readStageBatches(lake, identity),
    ]);
    const before = coverDrops(known, listed, identity);
    if (before.missing.length === 0) return before;
    options.log.info(`Staging ${before.missing.length} of ${listed.length} drops`);
    try {
      const staged = await stageDrops(before.missing, { ...services, ...options, identity, lanes });
      const after = coverDrops([...known, ...staged], listed, identity);
      if (after.missing.length === 0) return after;
      // Others have staged some of them in the meantime: look again.
      invariant(round < ROUNDS_MAX, `${after.missing.length} drops are not staged after ${round} rounds`);
    } catch (error) {
      if (!isFlyerlineError(error, 'FL_DROP_CHANGED') || round >= ROUNDS_MAX) throw error;
      options.log.warn(`${error.message} Listing the drops again.`);
    }
  }
}

/** The batches that matter to the day, each of which counts as a whole. */
async function wholeBatches(
  { lake }: Services,
  { day, params, scratchDir, log }: IngestOptions,
  { whole, partial }: Coverage,
  lanes: Lanes,
): Promise<StageBatch[]> {
  const isRead = readsOf(day, params, [...whole, ...partial]);
  const batches = [...whole];
  for (const { batch, drops } of partial) {
    const matters = batch.drops.some(({ days }) => days.some((rows) => rows.day === day || isRead(rows)));
    if (!matters) continue;
    log.info(`Splitting a stage batch: ${batch.drops.length - drops.length} of its drops were replaced`, {
      batch: batch.batch,
    });
    const { done } = await lanes.start((duck) => splitBatch(duck, lake, batch, drops, `${scratchDir}/split`));
    batches.push(await done);
  }
  return batches;
}

function bucketRefs(inputs: DayInputs, inputsKey: string, tokens: ClaimTokens): BucketRef[] {
  const { day, buckets } = inputs;
  return Array.from({ length: buckets }, (_, bucket) => ({ inputsKey, day, bucket, buckets, tokens }));
}

function dropsEmpty({ drops }: Services, day: string): FlyerlineError {
  return new FlyerlineError('FL_DROPS_EMPTY', {
    subject: `Day ${day}`,
    reason: `has no row in any drop of ${drops.url}`,
    remedy: 'check the date and where the drops are, or run again when they are delivered',
    retryable: false,
  });
}
