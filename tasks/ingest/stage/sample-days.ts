/** Which days a batch is about, from a few of its pieces. */
import type { Duck } from '../../../lake/duckdb.ts';
import { judgedRowsSql } from './lanes.ts';
import type { Piece } from './piece.ts';
import { eventRowsSql, rawRowsSql } from './row-relations.ts';

const PIECES_MAX = 4;
/** From the beginning of a piece: DuckDB stops reading there. */
const ROWS_MAX = 2_000;

/** Days since 1970 with their share of the sampled rows. */
export async function sampleDays(
  duck: Duck,
  pieces: readonly Piece[],
): Promise<[dayNo: number, share: number][]> {
  const step = Math.max(1, pieces.length / PIECES_MAX);
  const sample = pieces.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
  const counts = new Map<number, number>();
  for (const piece of sample) {
    for (const { dayNo, count } of await countDays(duck, piece)) {
      counts.set(dayNo, (counts.get(dayNo) ?? 0) + count);
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts].sort(([a], [b]) => a - b).map(([dayNo, count]) => [dayNo, count / total]);
}

async function countDays(duck: Duck, piece: Piece): Promise<{ dayNo: number; count: number }[]> {
  const rawRows = rawRowsSql([piece]);
  if (rawRows !== undefined)
    await duck.run(`CREATE OR REPLACE TEMP VIEW raw_row AS ${rawRows}; ${judgedRowsSql}`);
  const rows = rawRows === undefined ? `(${eventRowsSql([piece])})` : 'judged_row';
  return duck.rows(
    `SELECT day_no::INTEGER AS "dayNo", count(*)::INTEGER AS count FROM (SELECT day_no FROM ${rows} LIMIT ${ROWS_MAX})
     WHERE day_no IS NOT NULL GROUP BY day_no`,
  );
}
