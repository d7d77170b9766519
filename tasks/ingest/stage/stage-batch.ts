/** Stages one batch of drops: reads them, cuts them into chunks, puts the staged files, and at last the document that makes them count. */
import { mkdir, rm } from 'node:fs/promises';
import type { Logger } from '../../../infra/log.ts';
import type { ObjectStore } from '../../../lake/object-store.ts';
import { type ReadAheadLimits, readAhead } from '../../read-ahead.ts';
import { readJsonDocument } from '../parse/json-document.ts';
import { readXmlDocument } from '../parse/xml-document.ts';
import type { Drop, DropFormat, StagingIdentity } from '../read/drops.ts';
import { fetchSmallDrop, SMALL_DROP_BYTES, streamDrop, UnreadableDrop } from '../read/read-drop.ts';
import { type LineSink, readCsvDrop, readNdjsonDrop } from '../read/read-lines.ts';
import { putStageBatch, type StageBatch } from '../stage-batch-doc.ts';
import { ChunkStager } from './chunk-stager.ts';
import type { Lanes } from './lanes.ts';
import { type BatchPlan, isStagedAlone } from './plan-batches.ts';

export interface StagingContext {
  readonly lake: ObjectStore;
  readonly drops: ObjectStore;
  readonly lanes: Lanes;
  readonly identity: StagingIdentity;
  /** Bytes of text that one query stages. */
  readonly chunkBytes: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Called with every drop that is read. */
  readonly onDropRead: (drop: Drop) => void;
}

const READERS: Readonly<
  Record<DropFormat, (source: AsyncIterable<Buffer>, sink: LineSink) => Promise<void>>
> = {
  csv: readCsvDrop,
  ndjson: readNdjsonDrop,
  json: readJsonDocument,
  xml: readXmlDocument,
};

/** Fetched and decompressed ahead of parsing; their texts are some four times as long. */
const FETCHES: ReadAheadLimits<[number, Drop]> = {
  atOnce: 16,
  weightMax: 2 * SMALL_DROP_BYTES,
  weightOf: ([, { size }]) => size,
};

/** `dir` is the batch's own and is removed. Throws FL_DROP_CHANGED when a drop is no longer what was listed. */
export async function stageBatch(context: StagingContext, plan: BatchPlan, dir: string): Promise<StageBatch> {
  const drop = plan.drops[0]!;
  if (plan.drops.length > 1 || !isStagedAlone(drop, context.chunkBytes)) {
    return stage(context, plan, dir, (chunks) => readTogether(context, plan, chunks));
  }
  try {
    return await stage(context, plan, dir, (chunks) => readAsStream(context, drop, 0, chunks));
  } catch (error) {
    if (!(error instanceof UnreadableDrop)) throw error;
    return stage(context, plan, dir, async (chunks) => chunks.rejectDrop(0, error));
  }
}

async function stage(
  context: StagingContext,
  plan: BatchPlan,
  dir: string,
  read: (chunks: ChunkStager) => Promise<void>,
): Promise<StageBatch> {
  await mkdir(dir, { recursive: true });
  const chunks = new ChunkStager(context, plan, dir);
  try {
    await read(chunks);
    const staged = await chunks.finish();
    const batch = { ...context.identity, ...staged, stagedAtMs: Date.now(), supersedes: [] };
    return await putStageBatch(context.lake, batch, chunks.begunAtMs);
  } finally {
    await chunks.settle();
    await rm(dir, { recursive: true, force: true });
  }
}

async function readAsStream(
  context: StagingContext,
  drop: Drop,
  dropNo: number,
  chunks: ChunkStager,
): Promise<void> {
  await READERS[drop.format](
    dispatching(streamDrop(context.drops, drop), context, chunks),
    chunks.sinkOf(dropNo),
  );
  await chunks.dispatch();
  context.onDropRead(drop);
}

async function readTogether(
  context: StagingContext,
  { drops }: BatchPlan,
  chunks: ChunkStager,
): Promise<void> {
  const fetched = readAhead([...drops.entries()], FETCHES, async ([dropNo, drop]) => {
    context.signal.throwIfAborted();
    const text = await fetchText(context.drops, drop);
    return { dropNo, drop, text };
  });
  for await (const { dropNo, drop, text } of fetched) {
    if (text instanceof UnreadableDrop) chunks.rejectDrop(dropNo, text);
    else if (text === undefined) await readAsStream(context, drop, dropNo, chunks);
    else await READERS[drop.format](dispatching(oneChunk(text), context, chunks), chunks.sinkOf(dropNo));
    await chunks.dispatch();
    if (text !== undefined) context.onDropRead(drop);
  }
}

/** Undefined when the text is too long to be held; it is known to be readable then. */
async function fetchText(store: ObjectStore, drop: Drop): Promise<Buffer | undefined | UnreadableDrop> {
  if (drop.size > SMALL_DROP_BYTES && drop.compression === 'none') return undefined;
  try {
    const text = await fetchSmallDrop(store, drop);
    // Its rows will stand among those of other drops: it must not break halfway.
    if (text === undefined) for await (const _ of streamDrop(store, drop));
    return text;
  } catch (error) {
    if (error instanceof UnreadableDrop) return error;
    throw error;
  }
}

/** Chunks that are complete are staged before more is read: what is read must not pile up. */
async function* dispatching(
  source: AsyncIterable<Buffer>,
  { signal }: StagingContext,
  chunks: ChunkStager,
): AsyncGenerator<Buffer> {
  for await (const bytes of source) {
    signal.throwIfAborted();
    await chunks.dispatch();
    yield bytes;
  }
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
