/** A stage batch: drops that were staged together. Its document is put last, in one step: before, its files count for nothing. */
import { z } from 'zod';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectInfo, ObjectStore } from '../../lake/object-store.ts';
import { parseDocument } from '../../lake/parse-document.ts';
import { CLAIM_LIFETIME_MS } from '../../lake/retention.ts';
import { sha256Hex } from '../../lake/sha256.ts';
import { DAY_MS } from './days.ts';
import type { StagingIdentity } from './read/drops.ts';
import type { Layout } from './stage/layout.ts';

/** The rows of one drop on one local day. Ranges are null when all of them are rejected. */
const dropDay = z.object({
  day: z.string(),
  rowCount: z.number(),
  rejectedCount: z.number(),
  minLocalMs: z.number().nullable(),
  maxLocalMs: z.number().nullable(),
  minInstantMs: z.number().nullable(),
  maxInstantMs: z.number().nullable(),
});

const stagedDrop = z.object({
  key: z.string(),
  etag: z.string(),
  /** Bytes. */
  size: z.number(),
  lastModifiedMs: z.number(),
  src: z.string(),
  /** `drop_no` of its rows. */
  dropNo: z.number(),
  /** Its rows are not known; it is a rejected row itself. */
  isUnreadable: z.boolean(),
  days: z.array(dropDay).readonly(),
});

const stageBatch = z.object({
  batch: z.string(),
  dropsUrl: z.string(),
  stagingVersion: z.string(),
  params: z.object({ report_tz: z.string(), max_future_s: z.number() }),
  stagedAtMs: z.number(),
  /** Batches whose rows, as far as they still count, are all in this one. */
  supersedes: z.array(z.string()).readonly(),
  drops: z.array(stagedDrop).readonly(),
  files: z
    .array(
      z.object({
        key: z.string(),
        day: z.string(),
        bucket: z.number(),
        buckets: z.number(),
        rowCount: z.number(),
        minLocalMs: z.number(),
        maxLocalMs: z.number(),
        minInstantMs: z.number(),
        maxInstantMs: z.number(),
      }),
    )
    .readonly(),
  rejected: z.array(z.object({ key: z.string(), day: z.string(), rowCount: z.number() })).readonly(),
});

export type DropDay = z.infer<typeof dropDay>;
export type StagedDrop = z.infer<typeof stagedDrop>;
export type StageBatch = z.infer<typeof stageBatch>;

const DIR = 'stage/batches/';
export const batchKey = (batch: string): string => `${DIR}${batch}.json`;

/**
 * Equal drops, laid out alike by the same code and begun on the same day (UTC), make equal files: 32 hex digits. The day
 * keeps who stages now apart from what somebody left who died long ago, and which is being collected.
 */
export function batchId(srcs: readonly string[], layout: Layout, begunAtMs: number): string {
  return batchHash([srcs, layout.chunkBytes, layout.bucketsOfDay], begunAtMs);
}

/** Of the batch that holds these drops of another one. */
export function splitBatchId(batch: string, srcs: readonly string[], begunAtMs: number): string {
  return batchHash([batch, srcs], begunAtMs);
}

function batchHash(content: readonly unknown[], begunAtMs: number): string {
  const day = Math.floor(begunAtMs / DAY_MS);
  return sha256Hex(JSON.stringify([...content, day])).slice(0, 32);
}

export const stagedFileKey = (
  batch: string,
  part: number,
  file: { readonly day: string; readonly bucket: number; readonly buckets: number },
): string => {
  const digits = Math.max(2, String(file.buckets - 1).length);
  const bucket = String(file.bucket).padStart(digits, '0');
  return `stage/dt=${file.day}/bucket=${bucket}-of-${file.buckets}/${batch}-${part}.parquet`;
};

export const rejectedFileKey = (batch: string, day: string): string =>
  `stage/dt=${day}/rejected/${batch}.parquet`;

/** The batch of a staged file, or of rejected rows; undefined for another key. */
export function batchOfKey(key: string): string | undefined {
  return /^stage\/dt=[^/]+\/(?:bucket=[^/]+\/([0-9a-f]{32})-\d+|rejected\/([0-9a-f]{32}))\.parquet$/
    .exec(key)
    ?.slice(1)
    .find((id) => id !== undefined);
}

/**
 * Somebody else may have staged the same batch meanwhile: then theirs stays, and is what this resolves to. Throws
 * FL_CLAIM_EXPIRED when staging took more than a day: files without a document may be collected.
 */
export async function putStageBatch(
  store: ObjectStore,
  batch: StageBatch,
  begunAtMs: number,
): Promise<StageBatch> {
  if (Date.now() - begunAtMs > CLAIM_LIFETIME_MS) throw begunLongAgo(batch.batch);
  const key = batchKey(batch.batch);
  try {
    await store.put(key, `${JSON.stringify(batch)}\n`, { ifAbsent: true });
    return batch;
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    return readStageBatch(store, key);
  }
}

const READS_AT_ONCE = 32;
/** Documents never change. A process that stages day after day reads each once, as long as there are not too many. */
const CACHE_MAX = 5_000;
const cache = new Map<string, StageBatch>();

/** All batches of these drops, whatever code has staged them, in order of their ids. */
export async function readStageBatches(
  store: ObjectStore,
  { dropsUrl }: Pick<StagingIdentity, 'dropsUrl'>,
): Promise<StageBatch[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(DIR)) keys.push(key);
  const batches: StageBatch[] = [];
  for (let from = 0; from < keys.length; from += READS_AT_ONCE) {
    const some = keys.slice(from, from + READS_AT_ONCE);
    batches.push(...(await Promise.all(some.map((key) => readCached(store, key)))));
  }
  return batches.filter((batch) => batch.dropsUrl === dropsUrl);
}

/** Those of these ids, in their order. Throws FL_OBJECT_MISSING. */
export async function readStageBatchesById(
  store: ObjectStore,
  ids: readonly string[],
): Promise<StageBatch[]> {
  const batches: StageBatch[] = [];
  for (let from = 0; from < ids.length; from += READS_AT_ONCE) {
    const some = ids.slice(from, from + READS_AT_ONCE);
    batches.push(...(await Promise.all(some.map((id) => readCached(store, batchKey(id))))));
  }
  return batches;
}

/** All there are, with the time of each: for garbage collection. */
export async function readStageBatchAges(
  store: ObjectStore,
): Promise<{ readonly batch: StageBatch; readonly putAtMs: number }[]> {
  const documents: ObjectInfo[] = [];
  for await (const document of store.list(DIR)) documents.push(document);
  const ages: { batch: StageBatch; putAtMs: number }[] = [];
  for (let from = 0; from < documents.length; from += READS_AT_ONCE) {
    const some = documents.slice(from, from + READS_AT_ONCE);
    const read = async ({ key, lastModifiedMs }: ObjectInfo) => ({
      batch: await readCached(store, key),
      putAtMs: lastModifiedMs,
    });
    ages.push(...(await Promise.all(some.map(read))));
  }
  return ages;
}

async function readCached(store: ObjectStore, key: string): Promise<StageBatch> {
  const name = `${store.url} ${key}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const batch = await readStageBatch(store, key);
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(name, batch);
  return batch;
}

async function readStageBatch(store: ObjectStore, key: string): Promise<StageBatch> {
  const { body } = await store.get(key);
  return parseDocument(stageBatch, body, {
    subject: `Stage batch "${key}"`,
    remedy: 'delete it, and its drops are staged again',
  });
}

function begunLongAgo(batch: string): FlyerlineError {
  return new FlyerlineError('FL_CLAIM_EXPIRED', {
    subject: `Stage batch ${batch}`,
    reason: 'was begun more than a day ago, so some of its files may have been collected',
    remedy: 'run the day again, which stages its drops anew',
    retryable: false,
  });
}
