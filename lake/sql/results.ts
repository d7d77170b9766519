/** What a statement yields: the first rows as texts, or all of them in a file. */
import { join } from 'node:path';
import type { DuckDBResult, DuckDBValue } from '@duckdb/node-api';
import { sqlString } from '../duckdb.ts';
import type { LakeQuery } from './lake-query.ts';
import { refused } from './sql-errors.ts';

export interface ResultColumn {
  readonly name: string;
  /** DuckDB's: `BIGINT`. */
  readonly type: string;
}

export interface FirstRows {
  readonly columns: readonly ResultColumn[];
  /** Undefined is NULL. */
  readonly rows: readonly (readonly (string | undefined)[])[];
  /** Whether there are more. */
  readonly isCut: boolean;
}

export const FILE_FORMATS = ['csv', 'json', 'parquet'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** The rest is not computed where it need not be. */
export async function firstRows({ duck, query, explain }: LakeQuery, rowsMax: number): Promise<FirstRows> {
  const result = await duck.connection.stream(explain === undefined ? query : `${explain} ${query}`);
  const rows: (string | undefined)[][] = [];
  while (rows.length <= rowsMax) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) rows.push(row.map(textOf));
  }
  return { columns: columnsOf(result), rows: rows.slice(0, rowsMax), isCut: rows.length > rowsMax };
}

/** One array of objects for JSON, RFC 4180 with a header for CSV. Throws FL_SQL_REFUSED for EXPLAIN, which is no table. */
export async function writeResult(
  { duck, query, explain, outDir }: LakeQuery,
  format: FileFormat,
): Promise<string> {
  if (explain !== undefined) throw refused('a plan is shown on the terminal only');
  const path = join(outDir, `result.${format}`);
  // Straight to its name: a name of DuckDB's making would not be allowed.
  const options = {
    csv: 'FORMAT csv, HEADER',
    json: 'FORMAT json, ARRAY true',
    parquet: 'FORMAT parquet, COMPRESSION zstd',
  };
  await duck.run(`COPY (${query}\n) TO ${sqlString(path)} (${options[format]}, USE_TMP_FILE false)`);
  return path;
}

/** The columns without the rows. */
export async function resultColumns({ duck, query }: LakeQuery): Promise<readonly ResultColumn[]> {
  const prepared = await duck.connection.prepare(query);
  return Array.from({ length: prepared.columnCount }, (_, at) => ({
    name: prepared.columnName(at),
    type: prepared.columnType(at).toString(),
  }));
}

function columnsOf(result: DuckDBResult): ResultColumn[] {
  const types = result.columnTypes();
  return result.columnNames().map((name, at) => ({ name, type: types[at]!.toString() }));
}

function textOf(value: DuckDBValue): string | undefined {
  return value === null ? undefined : String(value);
}
