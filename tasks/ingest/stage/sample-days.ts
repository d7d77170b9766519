/** Which days a batch is about, from a few of its pieces. */
import type { Duck } from '../../../lake/duckdb.ts';
import { judgedRowsSql } from './lanes.ts';
import type { Piece } from './piece.ts';
import { eventRowsSql, rawRowsSql } from './row-relations.ts';

const PIECES_MAX = 4;

/** Days since 1970 with their share of the sampled rows. */
export async function sampleDays(
  duck: Duck,
  pieces: readonly Piece[],
): Promise<[dayNo: number, share: number][]> {
  const step = Math.max(1, pieces.length / PIECES_MAX);
  const sample = pieces.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
  const relations: string[] = [];
  const rawRows = rawRowsSql(sample);
  if (rawRows !== undefined) {
    await duck.run(`CREATE OR REPLACE TEMP VIEW raw_row AS ${rawRows}; ${judgedRowsSql}`);
    relations.push('SELECT day_no FROM judged_row');
  }
  const eventRows = eventRowsSql(sample);
  if (eventRows !== undefined) relations.push(`SELECT day_no FROM (${eventRows})`);
  const days = await duck.rows<{ dayNo: number; share: number }>(
    `SELECT day_no::INTEGER AS "dayNo", count(*) / sum(count(*)) OVER () AS share
     FROM (${relations.join(' UNION ALL ')}) WHERE day_no IS NOT NULL GROUP BY day_no ORDER BY day_no`,
  );
  return days.map(({ dayNo, share }) => [dayNo, share]);
}
