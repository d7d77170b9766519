/** Facts about partitions put together: what is committed, and what a run would make it of now. Reads nothing. */
import type {
  ExpectedFacts,
  Finality,
  HeadFacts,
  PartitionFacts,
  RunFacts,
} from '../../engine/partition-state.ts';
import { inputsDigestOf, paramsDigestOf, partitionsDigestOf } from '../../lake/partition-digest.ts';
import type { PartitionHead } from '../../lake/partition-heads.ts';
import type { DayChecks } from '../checks/check-result.ts';
import { DAYS_COMPARED, daysAround } from '../compare/comparison.ts';
import { dayStatus } from '../day-status.ts';
import { definitionOf } from '../definition-of.ts';
import { DAY_MS, dayName, dayNumber } from '../ingest/days.ts';
import { DEFINITION_VERSION, type MetricParams } from '../metric-params.ts';
import { CLEAN_EVENTS, MERCHANT_DAY, MERCHANT_METRICS, PUBLISHED_TABLES } from '../tables.ts';
import { blockedRun } from './blocked-days.ts';
import { inputsOfDays } from './inputs-of-days.ts';
import type { LiveDrops } from './live-drops.ts';

export interface FactsOptions {
  /** Both included. */
  readonly from: string;
  readonly to: string;
  /** Tables by name. */
  readonly assets: readonly string[];
  readonly params: MetricParams;
  readonly codeVersion: string;
  readonly nowMs: number;
  readonly drops: LiveDrops;
  readonly heads: readonly PartitionHead[];
  /** By day; undefined where the latest run ended well. */
  readonly runs?: ReadonlyMap<string, RunFacts> | undefined;
  /** Results of checks that kept a day from being published. */
  readonly blocked?: ReadonlyMap<string, DayChecks> | undefined;
}

/** One per day and asset, in order of days, then of assets. */
export function partitionFacts(options: FactsOptions): PartitionFacts[] {
  const { assets, heads, runs, blocked } = options;
  const headOf = new Map<string, Map<string, PartitionHead>>();
  for (const head of heads) {
    const ofTable = headOf.get(head.table) ?? new Map<string, PartitionHead>();
    ofTable.set(head.day, head);
    headOf.set(head.table, ofTable);
  }
  const expectedOf = expectation(options);
  const facts: PartitionFacts[] = [];
  for (const day of daysBetween(options.from, options.to)) {
    const expected = expectedOf(day);
    const headFor = (asset: string, of = day) => headOf.get(asset)?.get(of);
    const run = runs?.get(day) ?? blockedRun(blocked?.get(day), expected);
    for (const asset of assets) {
      const head = headFor(asset);
      const common = { asset, day, isPinned: head?.isPinned ?? false };
      if (asset === MERCHANT_DAY.name)
        facts.push({ ...common, ...comparedFacts(day, expected, headFor), run });
      // Made by hand of what is published: stale when that was restated, not before.
      else if (!FROM_DROPS.has(asset)) {
        const upstream = recipeOf(headFor(CLEAN_EVENTS.name));
        facts.push({
          ...common,
          head: head && headFacts(head),
          expected: { ...expected, ...upstream, unread: [] },
        });
      } else facts.push({ ...common, head: head && headFacts(head), expected, run });
    }
  }
  return facts;
}

const FROM_DROPS: ReadonlySet<string> = new Set(PUBLISHED_TABLES.map(({ name }) => name));

/** What a run of nightly makes. */
export const NIGHTLY_ASSETS: readonly string[] = [...FROM_DROPS, MERCHANT_DAY.name];
/**
 * merchant_day is made of the metrics of its day and of the days before (R18), whose contents its manifest names. A run whose drops
 * have not changed makes it again all the same when it is not compared with what is published now (is-compared.ts).
 */
function comparedFacts(
  day: string,
  expected: ExpectedFacts,
  headFor: (asset: string, day?: string) => PartitionHead | undefined,
): Pick<PartitionFacts, 'head' | 'expected' | 'inputNoun'> {
  const head = headFor(MERCHANT_DAY.name);
  const own = headFor(MERCHANT_METRICS.name);
  if (head === undefined || own === undefined) return { head: head && headFacts(head), expected };
  const definition = definitionOf(own.digest);
  const bases = daysAround(day, -DAYS_COMPARED, -1)
    .map((base) => headFor(MERCHANT_METRICS.name, base))
    .filter((base) => base !== undefined && definitionOf(base.digest) === definition);
  const made = [own, ...bases].map((partition) => ({
    day: partition!.day,
    contentHash: partition!.contentHash ?? '',
  }));
  const { partitionsDigest } = head.digest;
  return {
    inputNoun: 'partition',
    // Whether it is final is the question of its metrics.
    head: {
      ...headFacts(head),
      inputsDigest: partitionsDigest ?? '',
      inputCount: made.length,
      finality: undefined,
    },
    expected: { ...expected, inputsDigest: partitionsDigestOf(made), inputCount: made.length, unread: [] },
  };
}

function expectation({ params, codeVersion, nowMs, drops }: FactsOptions): (day: string) => ExpectedFacts {
  const inputsOf = inputsOfDays(drops.parsed, params);
  const paramsDigest = paramsDigestOf(params);
  const finalityOf = finalities(params, nowMs);
  return (day) => {
    const { drops: ofDay, rowCount } = inputsOf(day);
    return {
      inputsDigest: inputsDigestOf(ofDay),
      inputCount: ofDay.length,
      codeVersion,
      definitionVersion: DEFINITION_VERSION,
      paramsDigest,
      rowCount,
      unread: drops.unreadOfDay.get(day) ?? [],
      finality: finalityOf(day),
    };
  };
}

function headFacts({ digest }: PartitionHead): HeadFacts {
  return {
    claim: Number(digest.token),
    inputsDigest: digest.inputsDigest,
    inputCount: digest.inputCount,
    codeVersion: digest.codeVersion,
    definitionVersion: digest.definitionVersion,
    paramsDigest: digest.paramsDigest,
    committedAtMs: digest.committedAtMs,
    runId: digest.runId,
    isShown: digest.isShown,
    finality: digest.status ?? undefined,
  };
}

/** Once a day is final, so are all before it: only the few around the boundary are asked. */
function finalities(params: MetricParams, nowMs: number): (day: string) => Finality {
  let finalDay = dayName(Math.floor(nowMs / DAY_MS) + 2);
  while (dayStatus(finalDay, params, nowMs) !== 'final') finalDay = daysAround(finalDay, -1, -1)[0]!;
  return (day) => (day <= finalDay ? 'final' : 'provisional');
}

function recipeOf(upstream: PartitionHead | undefined): Partial<ExpectedFacts> {
  if (upstream === undefined) return { inputCount: 0, rowCount: 0, inputsDigest: '' };
  const { inputsDigest, inputCount, paramsDigest, rowCount } = upstream.digest;
  return { inputsDigest, inputCount, paramsDigest, rowCount };
}

export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let no = dayNumber(from); no <= dayNumber(to); no += 1) days.push(dayName(no));
  return days;
}
