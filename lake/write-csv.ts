/** Writes a table as CSV per RFC 4180: header, UTF-8, LF, quotes where needed, an empty field for NULL. */
import { copyTo, type Duck, sqlName, type WrittenFile } from './duckdb.ts';
import type { ColumnSchema, TableSchema } from './table-schema.ts';

export interface WriteCsvOptions {
  /** A SELECT with the table's columns, without ORDER BY. */
  readonly query: string;
  /** Names of columns. None: rows stay as the query yields them. @default the table's key */
  readonly orderBy?: readonly string[];
  readonly path: string;
}

/** Equal rows give equal bytes. An empty text is written as `""`, so that it stays apart from NULL. */
export async function writeCsv(
  duck: Duck,
  schema: TableSchema,
  { query, orderBy = schema.key, path }: WriteCsvOptions,
): Promise<WrittenFile> {
  const columns = schema.columns.map((column) => `${csvTerm(column)} AS ${sqlName(column.name)}`);
  // Ordered by the values of the source, not by the texts that have the same names.
  const order = orderBy.map((name) => `source.${sqlName(name)} ASC NULLS FIRST`);
  const ordered = order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`;
  const select = `SELECT ${columns.join(', ')} FROM (${query}) AS source${ordered}`;
  return copyTo(duck, path, select, [
    'FORMAT csv',
    'HEADER',
    "DELIMITER ','",
    `QUOTE '"'`,
    `ESCAPE '"'`,
    "NULLSTR ''",
  ]);
}

/** The table's key as ORDER BY terms for `writeParquet`: total, and explicit about NULL. */
export function keyOrder(schema: TableSchema): string[] {
  return schema.key.map((name) => `${sqlName(name)} ASC NULLS FIRST`);
}

function csvTerm({ name, type, unit, csv }: ColumnSchema): string {
  const column = `source.${sqlName(name)}`;
  if (type !== 'double') return column;
  const style = csv ?? (unit === 's' || unit === 'epoch s' ? 'seconds' : 'average');
  // Adding zero turns -0.0 into 0.0.
  if (style === 'average') return `printf('%.6f', ${column} + 0.0)`;
  // Most are whole seconds, and to print those as integers halves the time of the whole file.
  const isWhole = `${column} = trunc(${column}) AND abs(${column}) < 1e15`;
  const fraction = `rtrim(rtrim(printf('%.3f', ${column} + 0.0), '0'), '.')`;
  return `CASE WHEN ${isWhole} THEN ${column}::BIGINT::VARCHAR ELSE ${fraction} END`;
}
