/** Stages one drop's text the way a batch does, or row by row, and reads back what came of it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Duck, sqlPaths } from '../../lake/duckdb.ts';
import { readJsonDocument } from '../../tasks/ingest/parse/json-document.ts';
import { readXmlDocument } from '../../tasks/ingest/parse/xml-document.ts';
import type { DropFormat } from '../../tasks/ingest/read/drops.ts';
import { type LineSink, readCsvDrop, readNdjsonDrop, reparse } from '../../tasks/ingest/read/read-lines.ts';
import { DropIntake } from '../../tasks/ingest/stage/drop-intake.ts';
import { type Lanes, openLanes } from '../../tasks/ingest/stage/lanes.ts';
import { collectDoubts, resolveDoubts } from '../../tasks/ingest/stage/resolve-doubts.ts';
import { stageChunk } from '../../tasks/ingest/stage/stage-chunk.ts';

export interface StagedRow {
  readonly line: number;
  readonly instant_ms: number;
  readonly local_ms: number;
  readonly user_id: string;
  readonly event: number;
  readonly flyer_id: string | null;
  readonly merchant_id: string | null;
  readonly event_id: string | null;
  readonly seq: number | null;
  readonly received_ms: number | null;
}

export interface RejectedRow {
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
  readonly raw: string | null;
}

export interface StagedText {
  /** Both in order of lines. */
  readonly events: readonly StagedRow[];
  readonly rejects: readonly RejectedRow[];
  /** Rows that DuckDB read and judged by itself. */
  readonly fastCount: number;
}

export interface StageTextOptions {
  readonly format?: DropFormat;
  /** Row by row: no line goes to DuckDB unread. */
  readonly isSlow?: boolean;
  readonly pieceBytes?: number;
  /** Bytes in which the source comes. @default all at once */
  readonly sourceBytes?: number;
}

const LAYOUT = { chunkBytes: Number.POSITIVE_INFINITY, bucketsOfDay: [] };
const COLUMNS = `line::INTEGER AS line, instant_ms::DOUBLE AS instant_ms, local_ms::DOUBLE AS local_ms, user_id, event::INTEGER AS event,
  flyer_id, merchant_id, event_id, seq::DOUBLE AS seq, received_ms::DOUBLE AS received_ms`;

export class TextStager {
  readonly #lanes: Lanes;
  readonly #dir: string;
  #runs = 0;

  constructor(dir: string, params = { report_tz: 'event', max_future_s: 300 }) {
    this.#dir = dir;
    this.#lanes = openLanes({
      memoryLimitBytes: 512 << 20,
      threads: 1,
      scratchDir: dir,
      params,
      signal: new AbortController().signal,
    });
  }

  async stage(text: string | Buffer, options: StageTextOptions = {}): Promise<StagedText> {
    const dir = join(this.#dir, `run-${this.#runs++}`);
    mkdirSync(join(dir, 'late'), { recursive: true });
    const limits = { maxFutureMs: 300_000, chunkBytes: Number.POSITIVE_INFINITY };
    const intake = new DropIntake({ ...limits, dir });
    const late = new DropIntake({ ...limits, dir: join(dir, 'late') });
    await read(Buffer.from(text as string), intake.sinkOf(0), options);
    intake.finishChunk();
    const { done } = await this.#lanes.start(async (duck) => {
      const pieces = intake.takeChunks().flat();
      const staged = await stageChunk(duck, pieces, LAYOUT, join(dir, 'out'));
      const doubts = await collectDoubts(duck, pieces, staged.doubtfulPaths);
      await resolveDoubts(pieces, doubts, staged.misread, late);
      late.finishChunk();
      const latePieces = late.takeChunks().flat();
      const second = await stageChunk(duck, latePieces, LAYOUT, join(dir, 'out-late'));
      const files = [...staged.files, ...second.files].map(({ path }) => path);
      const slowCount = [...pieces, ...latePieces]
        .filter(({ dialect }) => dialect.kind === 'events')
        .reduce((sum, { lineCount }) => sum + lineCount, 0);
      const events = await readRows(duck, files);
      return { events, fastCount: events.length - slowCount };
    });
    const staged = await done;
    const rejects = [intake, late].flatMap((from) => rejectsOf(from)).sort((a, b) => a.line - b.line);
    return { ...staged, rejects };
  }

  close(): Promise<void> {
    return this.#lanes.close();
  }
}

async function read(
  bytes: Buffer,
  sink: LineSink,
  { format = 'csv', isSlow = false, pieceBytes, sourceBytes }: StageTextOptions,
): Promise<void> {
  const slowSink: LineSink = {
    row: sink.row,
    broken: sink.broken,
    piece: async (dialect, lines, firstLine) => reparse(dialect, Buffer.from(lines), firstLine, sink),
  };
  const source = slices(bytes, sourceBytes ?? Math.max(1, bytes.length));
  const to = isSlow ? slowSink : sink;
  if (format === 'csv') await readCsvDrop(source, to, pieceBytes);
  else if (format === 'ndjson') await readNdjsonDrop(source, to, pieceBytes);
  else if (format === 'json') await readJsonDocument(source, to);
  else await readXmlDocument(source, to);
}

async function* slices(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += length) yield bytes.subarray(from, from + length);
}

async function readRows(duck: Duck, paths: readonly string[]): Promise<StagedRow[]> {
  if (paths.length === 0) return [];
  return duck.rows<StagedRow>(
    `SELECT ${COLUMNS} FROM read_parquet(${sqlPaths(paths)}, hive_partitioning = false) ORDER BY line`,
  );
}

function rejectsOf(intake: DropIntake): RejectedRow[] {
  const path = intake.finishRejects()?.path;
  if (path === undefined) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ line, reason, detail, raw }) => ({ line, reason, detail, raw }));
}
