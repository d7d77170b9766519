/** The rows of a partition as a SELECT, whatever its files are: none, or older than a column. */
import { type Duck, sqlName, sqlPaths } from './duckdb.ts';
import type { ColumnType, TableSchema } from './table-schema.ts';

/** DuckDB's names of the column types. */
export const DUCK_TYPE: Readonly<Record<ColumnType, string>> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
};

/**
 * Selects the declared columns of data files, in no order. A column that was added after a file was written is NULL in
 * its rows; without files there are no rows.
 *
 * @param more further terms of the SELECT: `, true AS present`
 */
export async function partitionRows(
  duck: Duck,
  schema: TableSchema,
  paths: readonly string[],
  more = '',
): Promise<string> {
  const from = `read_parquet(${sqlPaths(paths)}, hive_partitioning = false, union_by_name = true)`;
  const described =
    paths.length === 0 ? [] : await duck.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${from}`);
  const written = new Set(described.map(({ column_name }) => column_name));
  const columns = schema.columns.map(({ name, type }) =>
    written.has(name) ? sqlName(name) : `NULL::${DUCK_TYPE[type]} AS ${sqlName(name)}`,
  );
  const select = `SELECT ${columns.join(', ')}${more}`;
  return paths.length === 0 ? `${select} WHERE false` : `${select} FROM ${from}`;
}
