/** Which inputs documents are alive: young ones, which a run may be working from, and those that a manifest names. */
import { isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../lake/object-store.ts';
import { readDayInputs } from '../ingest/day-inputs.ts';
import { batchOfKey } from '../ingest/stage-batch-doc.ts';

const READS_AT_ONCE = 32;

export interface InputsDocuments {
  readonly live: readonly ObjectInfo[];
  readonly dead: readonly ObjectInfo[];
}

/** @param beforeMs documents that are not older are alive */
export async function findInputs(store: ObjectStore, beforeMs: number): Promise<InputsDocuments> {
  const [live, old]: [ObjectInfo[], ObjectInfo[]] = [[], []];
  for await (const document of store.list('stage/inputs/dt=')) {
    (document.lastModifiedMs < beforeMs ? old : live).push(document);
  }
  const named = await namedByManifests(store, old);
  const dead: ObjectInfo[] = [];
  for (const document of old) (named.has(document.key) ? live : dead).push(document);
  return { live, dead };
}

/** Every manifest that is there counts: those of versions beyond the retention are collected before. */
async function namedByManifests(
  store: ObjectStore,
  documents: readonly ObjectInfo[],
): Promise<ReadonlySet<string>> {
  const wanted = new Set(documents.map(({ key }) => key));
  const named = new Set<string>();
  const manifests = new Map<string, string[]>();
  for await (const { key } of store.list('ctl/')) {
    const day = /^ctl\/[^/]+\/manifests\/dt=([^/]+)\/\d{20}\.json$/.exec(key)?.[1];
    if (day === undefined) continue;
    manifests.set(day, [...(manifests.get(day) ?? []), key]);
  }
  const days = Map.groupBy(wanted, (key) => key.split('/')[2]!.slice('dt='.length));
  await inParallel([...days], async ([day, keys]) => {
    // The newest first: as a rule it names the only document that the day has, and the others need not be read.
    for (const manifest of (manifests.get(day) ?? []).toReversed()) {
      if (keys.every((key) => named.has(key))) return;
      const inputsKey = await inputsOfManifest(store, manifest);
      if (inputsKey !== undefined) named.add(inputsKey);
    }
  });
  return named;
}

/** Ids of the batches whose files these documents name. */
export async function batchesOfInputs(
  store: ObjectStore,
  documents: readonly ObjectInfo[],
): Promise<ReadonlySet<string>> {
  const batches = new Set<string>();
  await inParallel(documents, async ({ key }) => {
    const inputs = await readDayInputs(store, key);
    for (const { key: file } of [...inputs.files, ...inputs.rejected]) batches.add(batchOfKey(file) ?? file);
  });
  return batches;
}

/** Read with no schema: a manifest of another version of the program keeps its inputs too. */
async function inputsOfManifest(store: ObjectStore, key: string): Promise<string | undefined> {
  try {
    const { body } = await store.get(key);
    return (JSON.parse(body.toString()) as { readonly inputsKey?: string }).inputsKey;
  } catch (error) {
    // Another collection was faster.
    if (isFlyerlineError(error, 'FL_OBJECT_MISSING')) return undefined;
    throw error;
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, worker));
}
