/** Stages a chunk: one query judges its rows and writes the sure ones, split by day and bucket. What it is not sure of is found again by line. */
import { rm } from 'node:fs/promises';
import { invariant } from '../../../infra/errors.ts';
import { type Duck, sqlString } from '../../../lake/duckdb.ts';
import { STAGED_EVENT_COLUMNS } from '../../staged-schema.ts';
import { userBucketSql } from '../../user-bucket.ts';
import { judgedRowsSql } from './lanes.ts';
import type { Layout } from './layout.ts';
import { findMisread } from './misread.ts';
import type { Piece } from './piece.ts';
import { eventRowsSql, rawRowsSql } from './row-relations.ts';

/** A staged file that is not in the lake yet. */
export interface ChunkFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Days since 1970. */
  readonly dayNo: number;
  readonly bucket: number;
  readonly buckets: number;
  readonly rowCount: number;
  readonly minLocalMs: number;
  readonly maxLocalMs: number;
  readonly minInstantMs: number;
  readonly maxInstantMs: number;
}

export interface StagedChunk {
  readonly files: readonly ChunkFile[];
  /** Files of the rows whose verdict is still open, with `drop_no`, `line` and the texts. */
  readonly doubtfulPaths: readonly string[];
  /** Pieces of which nothing was staged: DuckDB does not find a row on each of their lines. */
  readonly misread: readonly Piece[];
}

const COLUMNS = Object.keys(STAGED_EVENT_COLUMNS).join(', ');
/** Only DuckDB reads staged files, so they may use what the second version of the format has: a fifth less to write. */
const FILE_OPTIONS = 'FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL 1';

/** `dir` does not exist yet. */
export async function stageChunk(
  duck: Duck,
  pieces: readonly Piece[],
  layout: Layout,
  dir: string,
): Promise<StagedChunk> {
  const written = await write(duck, pieces, layout, dir).catch((error: unknown) => error);
  if (Array.isArray(written) && rowsOf(written) === linesOf(pieces))
    return { ...sort(written, layout), misread: [] };

  if (!Array.isArray(written) && !isAboutRows(written)) throw written;
  await rm(dir, { recursive: true, force: true });
  const misread = await findMisread(duck, pieces);
  if (misread.length === 0 && !Array.isArray(written)) throw written;
  invariant(misread.length > 0, 'a chunk of pieces has other rows than the pieces');
  const rest = pieces.filter((piece) => !misread.includes(piece));
  const again = await write(duck, rest, layout, dir);
  invariant(rowsOf(again) === linesOf(rest), 'pieces read twice have other rows');
  return { ...sort(again, layout), misread };
}

/** A reader gave up, and not memory, a disk or whoever interrupted it. */
function isAboutRows(error: unknown): boolean {
  return (
    error instanceof Error && /^(Invalid Input|Parameter Not Allowed|Conversion) Error/.test(error.message)
  );
}

interface WrittenFile {
  readonly filename: string;
  readonly count: bigint;
  readonly file_size_bytes: bigint;
  readonly column_statistics: readonly { key: string; value: readonly Pair[] }[];
  readonly partition_keys: readonly { key: string; value: string | null }[];
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

async function write(
  duck: Duck,
  pieces: readonly Piece[],
  layout: Layout,
  dir: string,
): Promise<WrittenFile[]> {
  const relations: string[] = [];
  const rawRows = rawRowsSql(pieces);
  if (rawRows !== undefined) {
    await duck.run(`CREATE OR REPLACE TEMP VIEW raw_row AS ${rawRows}; ${judgedRowsSql}`);
    relations.push(`SELECT day_no, ${COLUMNS} FROM judged_row`);
  }
  const eventRows = eventRowsSql(pieces);
  if (eventRows !== undefined) relations.push(`SELECT day_no, ${COLUMNS} FROM (${eventRows})`);
  if (relations.length === 0) return [];
  return duck.rows<WrittenFile>(
    `COPY (SELECT *, ${bucketSql(layout)} AS bucket FROM (${relations.join(' UNION ALL ')}))
     TO ${sqlString(dir)} (${FILE_OPTIONS}, PARTITION_BY (day_no, bucket), RETURN_STATS)`,
  );
}

function bucketSql({ bucketsOfDay }: Layout): string {
  const cases = bucketsOfDay.map(
    ([dayNo, buckets]) => `WHEN ${dayNo} THEN ${userBucketSql('user_id', buckets)}`,
  );
  return cases.length === 0 ? '0' : `CASE day_no ${cases.join(' ')} ELSE 0 END`;
}

function sort(written: readonly WrittenFile[], layout: Layout): Pick<StagedChunk, 'files' | 'doubtfulPaths'> {
  const buckets = new Map(layout.bucketsOfDay);
  const files: ChunkFile[] = [];
  const doubtfulPaths: string[] = [];
  for (const file of written) {
    const keys = new Map(file.partition_keys.map(({ key, value }) => [key, value]));
    const dayNo = keys.get('day_no');
    if (dayNo === null || dayNo === undefined) {
      doubtfulPaths.push(file.filename);
      continue;
    }
    files.push({
      path: file.filename,
      size: Number(file.file_size_bytes),
      dayNo: Number(dayNo),
      bucket: Number(keys.get('bucket')),
      buckets: buckets.get(Number(dayNo)) ?? 1,
      rowCount: Number(file.count),
      ...rangesOf(file),
    });
  }
  files.sort((a, b) => a.dayNo - b.dayNo || a.bucket - b.bucket || (a.path < b.path ? -1 : 1));
  return { files, doubtfulPaths };
}

function rangesOf({ column_statistics }: WrittenFile) {
  const statistics = new Map(column_statistics.map(({ key, value }) => [key.replaceAll('"', ''), value]));
  const value = (column: string, name: string) => {
    const text = statistics.get(column)?.find(({ key }) => key === name)?.value;
    invariant(text !== undefined, `a staged file has no ${name} of ${column}`);
    return Number(text);
  };
  return {
    minLocalMs: value('local_ms', 'min'),
    maxLocalMs: value('local_ms', 'max'),
    minInstantMs: value('instant_ms', 'min'),
    maxInstantMs: value('instant_ms', 'max'),
  };
}

function rowsOf(written: readonly WrittenFile[]): number {
  return written.reduce((sum, { count }) => sum + Number(count), 0);
}

function linesOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { lineCount }) => sum + lineCount, 0);
}
