/** Stages the chunks of a batch side by side while the next ones are read, and knows what came of all of them. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFlyerlineError } from '../../../infra/errors.ts';
import type { Duck } from '../../../lake/duckdb.ts';
import type { RejectedFile, StagedFile } from '../../refs.ts';
import { DAY_MS, dayInKey, dayName, dayNumber } from '../days.ts';
import type { UnreadableDrop } from '../read/read-drop.ts';
import type { LineSink } from '../read/read-lines.ts';
import { batchId, rejectedFileKey, type StageBatch, stagedFileKey } from '../stage-batch-doc.ts';
import { type DropDayRows, DropDays, dropDaysOfFiles, queryDropDays } from './drop-days.ts';
import { DropIntake } from './drop-intake.ts';
import { bucketsFor, type Layout, layOut } from './layout.ts';
import type { Piece } from './piece.ts';
import type { BatchPlan } from './plan-batches.ts';
import { collectDoubts, type Doubts, resolveDoubts } from './resolve-doubts.ts';
import { sampleDays } from './sample-days.ts';
import type { StagingContext } from './stage-batch.ts';
import { type ChunkFile, type StagedChunk, stageChunk } from './stage-chunk.ts';
import { stageRejects } from './stage-rejects.ts';

interface StagedPart {
  readonly files: readonly StagedFile[];
  readonly dropDays: readonly DropDayRows[];
  /** What was doubtful in the chunk. */
  readonly late: DropIntake | undefined;
}

export class ChunkStager {
  readonly begunAtMs = Date.now();
  readonly #context: StagingContext;
  readonly #plan: BatchPlan;
  readonly #dir: string;
  readonly #intake: DropIntake;
  readonly #unreadable = new Set<number>();
  readonly #jobs: Promise<StagedPart>[] = [];
  #layout: Layout | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** `dir` exists and is empty. */
  constructor(context: StagingContext, plan: BatchPlan, dir: string) {
    this.#context = context;
    this.#plan = plan;
    this.#dir = dir;
    this.#intake = new DropIntake({ ...this.#limits(), dir, chunkBytes: context.chunkBytes });
  }

  sinkOf(dropNo: number): LineSink {
    return this.#intake.sinkOf(dropNo);
  }

  /** The drop counts as one rejected row. */
  rejectDrop(dropNo: number, { message, textBytes }: UnreadableDrop): void {
    const { key, compression } = this.#plan.drops[dropNo]!;
    const detail = `cannot be decompressed (${compression}): ${message}, after ${textBytes} bytes of text, of which nothing is kept`;
    this.#context.log.warn(`Drop "${key}" ${detail}`, { drop: key });
    this.#unreadable.add(dropNo);
    this.#intake.reject(dropNo, 1, { reason: 'unreadable_drop', detail }, null);
  }

  /** Starts staging what is complete. Resolves when it has started, so that no more is read than can be staged. */
  async dispatch(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const pieces of this.#intake.takeChunks()) await this.#start(pieces);
  }

  /** There is nothing more to read. Everything that the batch's document says but who put it when. */
  async finish(): Promise<Pick<StageBatch, 'batch' | 'drops' | 'files' | 'rejected'>> {
    this.#intake.finishChunk();
    await this.dispatch();
    const parts = await Promise.all(this.#jobs);
    parts.push(...(await this.#stageLate(parts)));

    const days = new DropDays(this.#plan.drops.length);
    for (const row of parts.flatMap(({ dropDays }) => dropDays)) days.addRows(row);
    const rejected = await this.#stageRejects(parts, days);
    return {
      batch: this.#batch(),
      drops: this.#plan.drops.map(({ key, etag, size, lastModifiedMs, src }, dropNo) => ({
        ...{ key, etag, size, lastModifiedMs, src, dropNo },
        isUnreadable: this.#unreadable.has(dropNo),
        days: days.of(dropNo),
      })),
      files: parts.flatMap(({ files }) => files),
      rejected,
    };
  }

  /** Waits for what is under way, however it ends. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#jobs);
    this.#intake.finishChunk();
    this.#intake.finishRejects();
  }

  async #start(pieces: readonly Piece[]): Promise<void> {
    this.#layout ??= await this.#layOut(pieces);
    const layout = this.#layout;
    const part = this.#jobs.length;
    const { done } = await this.#context.lanes.start((duck) => this.#stage(duck, pieces, layout, part));
    const job = done.then(async ({ staged, dropDays, doubts }) => {
      const [files, late] = await Promise.all([
        this.#put(part, staged.files),
        this.#resolve(part, pieces, staged, doubts),
      ]);
      return { files, dropDays, late };
    });
    job.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#jobs.push(job);
  }

  async #stage(duck: Duck, pieces: readonly Piece[], layout: Layout, part: number) {
    const staged = await stageChunk(duck, pieces, layout, join(this.#dir, `part-${part}`));
    const isOnly = this.#plan.drops.length === 1;
    const dropDays = isOnly ? dropDaysOfFiles(staged.files) : await queryDropDays(duck, staged.files);
    return { staged, dropDays, doubts: await collectDoubts(duck, pieces, staged.doubtfulPaths) };
  }

  /** No longer on a lane: the next chunk has it already. */
  async #resolve(
    part: number,
    pieces: readonly Piece[],
    { doubtfulPaths, misread }: StagedChunk,
    doubts: Doubts,
  ): Promise<DropIntake | undefined> {
    let late: DropIntake | undefined;
    if (doubts.size > 0 || misread.length > 0) {
      late = await this.#openLate(part);
      await resolveDoubts(pieces, doubts, misread, late);
      late.finishChunk();
    }
    const paths = [...pieces.map(({ path }) => path), ...doubtfulPaths];
    await Promise.all(paths.map((path) => rm(path)));
    return late;
  }

  async #openLate(part: number): Promise<DropIntake> {
    const dir = join(this.#dir, `late-${part}`);
    await mkdir(dir);
    return new DropIntake({ ...this.#limits(), dir, chunkBytes: Number.POSITIVE_INFINITY });
  }

  /** Events that only the second reading found: few, as a rule. In the order of the chunks, however fast those were. */
  async #stageLate(parts: readonly StagedPart[]): Promise<StagedPart[]> {
    const pieces = parts.flatMap(({ late }) => late?.takeChunks().flat() ?? []);
    if (pieces.length === 0) return [];
    const before = this.#jobs.length;
    await this.#start(pieces);
    return Promise.all(this.#jobs.slice(before));
  }

  async #stageRejects(parts: readonly StagedPart[], days: DropDays): Promise<RejectedFile[]> {
    const intakes = [this.#intake, ...parts.map(({ late }) => late)];
    const paths = intakes.flatMap((intake) => intake?.finishRejects()?.path ?? []);
    if (paths.length === 0) return [];
    const drops = this.#plan.drops.map(({ key, lastModifiedMs }, dropNo) => {
      const named = dayInKey(key);
      const otherDayNo = named === undefined ? Math.floor(lastModifiedMs / DAY_MS) : dayNumber(named);
      return { dropNo, key, homeDayNo: days.homeDayNo(dropNo) ?? otherDayNo };
    });
    const { done } = await this.#context.lanes.start(
      (duck) => stageRejects(duck, paths, drops, join(this.#dir, 'rejected')),
      'next',
    );
    const { files, counts } = await done;
    for (const { dropNo, dayNo, rowCount } of counts) days.addRejected(dropNo, dayNo, rowCount);
    return Promise.all(
      files.map(async ({ path, dayNo, rowCount }) => {
        const day = dayName(dayNo);
        const key = rejectedFileKey(this.#batch(), day);
        await this.#putFile(key, path);
        return { key, day, rowCount };
      }),
    );
  }

  #put(part: number, files: readonly ChunkFile[]): Promise<StagedFile[]> {
    return Promise.all(
      files.map(async ({ path, size: _size, dayNo, ...file }) => {
        const day = dayName(dayNo);
        const key = stagedFileKey(this.#batch(), part, { ...file, day });
        await this.#putFile(key, path);
        await rm(path, { force: true });
        return { key, day, ...file };
      }),
    );
  }

  /** One that is there already was put by somebody who stages the same batch, or by an attempt that died: it is the same. */
  async #putFile(key: string, path: string): Promise<void> {
    this.#context.signal.throwIfAborted();
    try {
      await this.#context.lake.putFile(key, path, { ifAbsent: true, isGiven: true });
    } catch (error) {
      if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
    }
  }

  #batch(): string {
    const srcs = this.#plan.drops.map(({ src }) => src);
    const layout = this.#layout ?? { chunkBytes: this.#context.chunkBytes, bucketsOfDay: [] };
    return batchId(srcs, layout, this.begunAtMs);
  }

  async #layOut(pieces: readonly Piece[]): Promise<Layout> {
    const { chunkBytes, lanes } = this.#context;
    const { dayRows } = this.#plan;
    if (bucketsFor(dayRows) === 1) return { chunkBytes, bucketsOfDay: [] };
    const { done } = await lanes.start((duck) => sampleDays(duck, pieces));
    return layOut(await done, dayRows, chunkBytes);
  }

  #limits() {
    return { maxFutureMs: Math.round(this.#context.identity.params.max_future_s * 1000) };
  }
}
