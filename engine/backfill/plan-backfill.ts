/** Plans a backfill: facts about partitions in, per partition what happens and why out. Reads nothing. */
import { sha256Hex } from '../../lake/sha256.ts';
import { type Assessment, assessPartition, type PartitionFacts } from '../partition-state.ts';
import type { BackfillPlan, PlannedDay, PlannedPartitions, PlanSummary, Reprocess } from './backfill-plan.ts';

export interface PlanOptions {
  /** @default made of the time and what is planned */
  readonly id?: string | undefined;
  readonly dagId: string;
  /** Version of its graph. */
  readonly dagVersion: string;
  /** Tasks of one run. */
  readonly taskCount: number;
  /** Of all assets that a run makes, in order of days. */
  readonly facts: readonly PartitionFacts[];
  /** Those that are asked for; the others are made with them. */
  readonly assets: readonly string[];
  readonly reprocess: readonly Reprocess[];
  /** Given for this backfill; checked. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly backwards: boolean;
  readonly maxActive: number;
  /** One run for all days instead of a run a day. @default false */
  readonly fused?: boolean;
  /** Whether there are inputs that nobody has read: they may be of any day. */
  readonly allRead: boolean;
  /** Undefined without history. */
  readonly estimateMs: (rowCount: number) => number | undefined;
  readonly historyRuns: number;
  readonly nowMs: number;
  readonly nightlyAtMs: number | undefined;
}

export function planBackfill(options: PlanOptions): BackfillPlan {
  const {
    dagId,
    dagVersion,
    assets,
    reprocess,
    params,
    backwards,
    maxActive,
    fused = false,
    allRead,
    nowMs,
  } = options;
  const byDay = Map.groupBy(options.facts, ({ day }) => day);
  const days = [...byDay].map(([day, facts]) => planDay(day, facts, options));
  if (backwards) days.reverse();
  const content = { dagId, dagVersion, assets, reprocess, params, maxActive, fused, allRead, days };
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '');
  return {
    format: 1,
    id: options.id ?? `${stamp}-${digest([nowMs, dagId, params, days.map(nameOf)]).slice(0, 6)}`,
    createdAtMs: nowMs,
    summary: summaryOf(days, options),
    ...content,
  };
}

/** What of a day tells two plans apart. */
const nameOf = ({ day, action, fingerprint, inputs }: PlannedDay) => [day, action, fingerprint, inputs];

function planDay(day: string, facts: readonly PartitionFacts[], options: PlanOptions): PlannedDay {
  const assessed = facts.map(assessPartition);
  const blocker = blockerOf(assessed);
  const decisions = assessed.map((partition) => decide(partition, blocker, options));
  const wanted = decisions.filter(({ action }) => action === 'run');
  const rowCount = Math.max(...facts.map(({ expected }) => expected.rowCount));
  const isRun = wanted.length > 0;
  return {
    day,
    action: isRun ? 'run' : 'skip',
    why: isRun ? wanted[0]!.why : (blocker ?? decisions[0]!.why),
    partitions: grouped(decisions),
    force: wanted.some(({ state }) => state === 'fresh'),
    fingerprint: fingerprintOf(facts),
    inputs: inputsOf(facts),
    rowCount,
    estimateMs: isRun ? (options.estimateMs(rowCount) ?? null) : null,
  };
}

/** A run makes all tables of a day: what holds one back holds back all. */
function blockerOf(assessed: readonly Assessment[]): string | undefined {
  if (assessed.some(({ state }) => state === 'running')) return 'in flight';
  const pinned = assessed.filter(({ state }) => state === 'pinned').map(({ asset }) => asset);
  return pinned.length === 0 ? undefined : `pinned: ${pinned.join(', ')}`;
}

type Decision = Assessment & Pick<PlannedPartitions, 'action' | 'why'>;

function decide(
  partition: Assessment,
  blocker: string | undefined,
  { assets, reprocess }: PlanOptions,
): Decision {
  const skip = (why: string): Decision => ({ ...partition, action: 'skip', why });
  const { state, asset, reason } = partition;
  if (!assets.includes(asset)) return skip('not asked for');
  if (blocker !== undefined) return skip(blocker);
  if (state === 'missing' && reason === NO_ROWS) return skip(NO_ROWS);
  const isAsked = reprocess.includes('all') || reprocess.some((one) => state.startsWith(one));
  if (!isAsked) return skip(state === 'fresh' ? 'fresh' : `${state}, not asked for`);
  return { ...partition, action: 'run', why: `${state}: ${reason}` };
}

export const NO_ROWS = 'no drop holds a row of it';

function grouped(decisions: readonly Decision[]): PlannedPartitions[] {
  const groups = Map.groupBy(
    decisions,
    ({ state, reason, action, why }) => `${state}\n${action}\n${why}\n${reason}`,
  );
  return [...groups.values()].map((group) => {
    const { state, reason, action, why } = group[0]!;
    return { assets: group.map(({ asset }) => asset), state, reason, action, why };
  });
}

/** Equal as long as readers see the same versions, and runs would compute in the same way. Runs themselves come and go. */
function fingerprintOf(facts: readonly PartitionFacts[]): string {
  return digest(
    facts.map(({ asset, head, isPinned, expected }) => [
      asset,
      head === undefined ? 0 : head.claim,
      isPinned,
      expected.codeVersion,
      expected.definitionVersion,
      expected.paramsDigest,
    ]),
  ).slice(0, 16);
}

function inputsOf(facts: readonly PartitionFacts[]): string {
  const inputs = facts.map(({ asset, expected }) => [asset, expected.inputsDigest, expected.unread]);
  return digest(inputs).slice(0, 16);
}

function summaryOf(days: readonly PlannedDay[], options: PlanOptions): PlanSummary {
  const { taskCount, maxActive, fused = false, nowMs, nightlyAtMs, historyRuns } = options;
  const inOrder = days.map(({ day }) => day).sort();
  const runs = days.filter(({ action }) => action === 'run');
  const partitions = days.flatMap((day) => day.partitions);
  const count = (some: readonly PlannedPartitions[]) =>
    some.reduce((sum, { assets }) => sum + assets.length, 0);
  const isEstimated = runs.every(({ estimateMs }) => estimateMs !== null);
  const workMs = isEstimated ? runs.reduce((sum, { estimateMs }) => sum + estimateMs!, 0) : null;
  const atOnce = Math.max(1, Math.min(maxActive, runs.length));
  const durationMs = workMs === null ? null : Math.round(workMs / atOnce);
  return {
    from: inOrder[0] ?? '',
    to: inOrder.at(-1) ?? '',
    days: days.length,
    runDays: runs.length,
    partitions: count(partitions),
    runPartitions: count(partitions.filter(({ action }) => action === 'run')),
    taskCount: fused ? runs.length : runs.length * taskCount,
    workMs,
    durationMs,
    historyRuns,
    nightlyAtMs: nightlyAtMs ?? null,
    endsAtMs: durationMs === null ? null : nowMs + durationMs,
  };
}

export interface Drift {
  readonly day: string;
  /** What was planned for, and what is now, in words. */
  readonly was: string;
  readonly is: string;
}

/**
 * Days whose partitions are not what they were when it was planned. What the backfill itself has done since is none: runs whose
 * id holds its own, and the reading of inputs that nobody had read.
 */
export function driftOf(
  { id, allRead }: Pick<BackfillPlan, 'id' | 'allRead'>,
  planned: readonly PlannedDay[],
  facts: readonly PartitionFacts[],
  { isResumed }: { readonly isResumed: boolean },
): Drift[] {
  const now = Map.groupBy(facts, ({ day }) => day);
  return planned.flatMap((before) => {
    const ofDay = now.get(before.day) ?? [];
    const isOwn = ofDay.some(({ head }) => head?.runId.includes(id));
    const isRunning = ofDay.some(({ run }) => run !== undefined && run.state !== 'failed');
    // What a day is compared with, it has changed itself by making days; a late drop is read when the day is run once more.
    const mindsInputs = !isOwn && (!isResumed || allRead);
    const isSame =
      (isOwn || fingerprintOf(ofDay) === before.fingerprint) &&
      (!mindsInputs || inputsOf(ofDay) === before.inputs);
    return isSame && !isRunning ? [] : [tellDrift(before, ofDay)];
  });
}

/** The first partition that reads differently tells most. */
function tellDrift({ day, partitions }: PlannedDay, facts: readonly PartitionFacts[]): Drift {
  const before = new Map(partitions.flatMap(({ assets, ...rest }) => assets.map((asset) => [asset, rest])));
  const told = facts.map(assessPartition).find(({ asset, state, reason }) => {
    const then = before.get(asset);
    return then?.state !== state || then.reason !== reason;
  });
  if (told === undefined) return { day, was: 'an older version', is: 'a newer one in the same state' };
  const then = before.get(told.asset);
  return {
    day,
    was: then === undefined ? 'unknown' : `${told.asset} ${then.state} (${then.reason})`,
    is: `${told.state} (${told.reason})`,
  };
}

const digest = (content: unknown): string => sha256Hex(JSON.stringify(content));
