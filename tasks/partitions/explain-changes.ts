/** Why stale partitions are stale, drop by drop and parameter by parameter: from the manifests of those that are. */
import type { InputChanges, PartitionFacts } from '../../engine/partition-state.ts';
import { twentyDigits } from '../../lake/lake-keys.ts';
import { type Manifest, readManifest } from '../../lake/manifest.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import type { PartitionHead } from '../../lake/partition-heads.ts';
import type { MetricParams } from '../metric-params.ts';
import { inputsOfDays } from './inputs-of-days.ts';
import type { LiveDrops } from './live-drops.ts';

const READS_AT_ONCE = 32;

export interface ExplainOptions {
  readonly drops: LiveDrops;
  readonly heads: readonly PartitionHead[];
  readonly params: MetricParams;
  /** How many manifests are read, the newest days first. */
  readonly max: number;
}

/** The same facts, with what has changed. Tables of a day that were made of the same drops are explained by one manifest. */
export async function explainChanges(
  lake: ObjectStore,
  facts: readonly PartitionFacts[],
  { drops, heads, params, max }: ExplainOptions,
): Promise<PartitionFacts[]> {
  const paramsOf = new Map(heads.map(({ digest }) => [digest.paramsDigest, digest.params]));
  const inputsOf = inputsOfDays(drops.parsed, params);
  const wanted = new Map<string, PartitionFacts>();
  for (let at = facts.length - 1; at >= 0 && wanted.size < max; at -= 1) {
    const fact = facts[at]!;
    const isOfDrops = (fact.inputNoun ?? 'drop') === 'drop';
    if (isOfDrops && fact.head !== undefined && fact.head.inputsDigest !== fact.expected.inputsDigest) {
      wanted.set(nameOf(fact), fact);
    }
  }
  const changes = new Map<string, InputChanges>();
  const missing = [...wanted];
  for (let start = 0; start < missing.length; start += READS_AT_ONCE) {
    await Promise.all(
      missing.slice(start, start + READS_AT_ONCE).map(async ([name, { asset, day, head }]) => {
        const { inputs } = await readManifest(lake, asset, day, twentyDigits(head!.claim));
        changes.set(name, changesOf(inputs, inputsOf(day).drops));
      }),
    );
  }
  return facts.map((fact) => {
    const { head, expected } = fact;
    if (head === undefined) return fact;
    const ofInputs = changes.get(nameOf(fact));
    if (head.paramsDigest === expected.paramsDigest) {
      return ofInputs === undefined ? fact : { ...fact, changes: ofInputs };
    }
    const before = paramsOf.get(head.paramsDigest) ?? {};
    return { ...fact, changes: ofInputs, paramChanges: paramChangesOf(before, params) };
  });
}

const nameOf = ({ day, head }: PartitionFacts): string => `${day} ${head?.inputsDigest}`;

function changesOf(
  before: Manifest['inputs'],
  now: readonly { readonly key: string; readonly etag: string; readonly size: number }[],
): InputChanges {
  const then = new Map(before.map(({ key, etag, size }) => [key, `${size} ${etag}`]));
  const isThere = new Set(now.map(({ key }) => key));
  return {
    added: now.filter(({ key }) => !then.has(key)).map(({ key }) => key),
    replaced: now
      .filter(({ key, etag, size }) => then.has(key) && then.get(key) !== `${size} ${etag}`)
      .map(({ key }) => key),
    removed: before.filter(({ key }) => !isThere.has(key)).map(({ key }) => key),
  };
}

function paramChangesOf(before: Readonly<Record<string, unknown>>, now: MetricParams): string[] {
  return Object.entries(now)
    .filter(([name, value]) => before[name] !== value)
    .map(([name, value]) => `${name} ${String(before[name] ?? 'not set')} → ${String(value)}`);
}
