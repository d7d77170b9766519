/** Facts about partitions put together: what is committed, and what a run would make it of now. Reads nothing. */
import type { ExpectedFacts, HeadFacts, PartitionFacts, RunFacts } from '../../engine/partition-state.ts';
import { inputsDigestOf, paramsDigestOf } from '../../lake/partition-digest.ts';
import type { PartitionHead } from '../../lake/partition-heads.ts';
import { dayStatus } from '../day-status.ts';
import { dayName, dayNumber } from '../ingest/days.ts';
import { DEFINITION_VERSION, type MetricParams } from '../metric-params.ts';
import { CLEAN_EVENTS, PUBLISHED_TABLES } from '../tables.ts';
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
}

/** One per day and asset, in order of days, then of assets. */
export function partitionFacts(options: FactsOptions): PartitionFacts[] {
  const { assets, heads, runs } = options;
  const headOf = new Map(heads.map((head) => [`${head.day} ${head.table}`, head]));
  const expectedOf = expectation(options);
  const facts: PartitionFacts[] = [];
  for (const day of daysBetween(options.from, options.to)) {
    const expected = expectedOf(day);
    const upstream = headOf.get(`${day} ${CLEAN_EVENTS.name}`);
    for (const asset of assets) {
      const head = headOf.get(`${day} ${asset}`);
      const isDerived = !NIGHTLY.has(asset);
      facts.push({
        asset,
        day,
        head: head && headFacts(head),
        isPinned: head?.isPinned ?? false,
        // Made by hand of what is published: stale when that was restated, not before.
        expected: isDerived ? { ...expected, ...recipeOf(upstream), unread: [] } : expected,
        run: isDerived ? undefined : runs?.get(day),
      });
    }
  }
  return facts;
}

const NIGHTLY: ReadonlySet<string> = new Set(PUBLISHED_TABLES.map(({ name }) => name));

function expectation({ params, codeVersion, nowMs, drops }: FactsOptions): (day: string) => ExpectedFacts {
  const inputsOf = inputsOfDays(drops.parsed, params);
  const paramsDigest = paramsDigestOf(params);
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
      finality: dayStatus(day, params, nowMs),
    };
  };
}

function headFacts({ digest }: PartitionHead): HeadFacts {
  const { token, inputsDigest, inputCount, codeVersion, definitionVersion, paramsDigest } = digest;
  const { committedAtMs, runId, isShown, status } = digest;
  return {
    claim: Number(token),
    ...{ inputsDigest, inputCount, codeVersion, definitionVersion, paramsDigest },
    ...{ committedAtMs, runId, isShown },
    finality: status ?? undefined,
  };
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
