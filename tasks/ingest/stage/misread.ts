/** Finds the pieces that DuckDB does not read line by line: a row with far too many fields, a line its JSON reader stumbles over. */
import { type Duck, sqlString } from '../../../lake/duckdb.ts';
import type { Piece } from './piece.ts';
import { rawRowsSql } from './row-relations.ts';

export async function findMisread(duck: Duck, pieces: readonly Piece[]): Promise<Piece[]> {
  const misread: Piece[] = [];
  for (const piece of pieces) {
    const rows = rawRowsSql([piece]);
    if (rows !== undefined && (await countRows(duck, rows)) !== piece.lineCount) misread.push(piece);
  }
  return misread;
}

/** Undefined when the reader gives up. What else goes wrong goes wrong with every piece, and again afterwards. */
async function countRows(duck: Duck, rows: string): Promise<number | undefined> {
  try {
    // Some column must be read: without any, a reader may count lines.
    const [found] = await duck.rows<{ count: number }>(
      `SELECT count(coalesce(user_id, ${sqlString('')}))::DOUBLE AS count FROM (${rows})`,
    );
    return found?.count;
  } catch {
    return undefined;
  }
}
