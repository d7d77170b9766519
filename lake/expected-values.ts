/** What a file should hold, computed by DuckDB from where its rows come from. */
import { type ColumnDigest, POINT_WEIGHTS } from './column-digest.ts';
import { type Duck, sqlName, sqlPaths } from './duckdb.ts';
import type { ColumnSchema, ColumnType, TableSchema } from './table-schema.ts';

export interface ExpectedColumn extends ColumnDigest {
  /** Rows without a value. */
  readonly nulls: number;
  readonly name: string;
  readonly type: ColumnType;
}

export interface ExpectedValues {
  readonly rowCount: number;
  readonly columns: readonly ExpectedColumn[];
}

/** Rows come from a SELECT, or from Parquet files. */
export type RowSource = { readonly query: string } | { readonly paths: readonly string[] };

/** One scan of the source. */
export async function expectedValues(
  duck: Duck,
  source: RowSource,
  schema: Pick<TableSchema, 'columns'>,
): Promise<ExpectedValues> {
  const terms = schema.columns.flatMap((column, index) =>
    Object.entries(termsOf(column)).map(([name, sql]) => `${sql} AS ${name}_${index}`),
  );
  const from = 'query' in source ? `(${source.query})` : `read_parquet(${sqlPaths(source.paths)})`;
  const [row] = await duck.rows<Record<string, unknown>>(
    `SELECT count(*) AS row_count, ${terms.join(', ')} FROM ${from}`,
  );
  const rowCount = Number(row!.row_count);
  return {
    rowCount,
    columns: schema.columns.map(({ name, type }, index) => {
      const count = Number(row![`count_${index}`]);
      const [min, max, sum] = [row![`min_${index}`], row![`max_${index}`], row![`sum_${index}`]];
      return {
        name,
        type,
        count,
        nulls: rowCount - count,
        min: (min ?? undefined) as ColumnDigest['min'],
        max: (max ?? undefined) as ColumnDigest['max'],
        sum: type === 'double' ? Number(sum) : exactSum(type, sum),
      };
    }),
  };
}

/** Texts and longs sum to bigint, the others to exact doubles, as `column-digest.ts` does. */
function exactSum(type: ColumnType, sum: unknown): number | bigint {
  const text = String(sum);
  return type === 'string' || type === 'long' ? BigInt(text) : Number(text);
}

function termsOf({ name, type }: ColumnSchema): Record<'count' | 'min' | 'max' | 'sum', string> {
  const column = sqlName(name);
  const count = `count(${column})`;
  if (type === 'string') return { count, min: `min(${column})`, max: `max(${column})`, sum: textSum(column) };
  const value =
    type === 'date'
      ? `date_diff('day', DATE '1970-01-01', ${column})`
      : type === 'boolean'
        ? `${column}::INTEGER`
        : column;
  const cast = type === 'long' ? '::BIGINT' : type === 'double' ? '' : '::DOUBLE';
  return {
    count,
    min: `min(${value})${cast}`,
    max: `max(${value})${cast}`,
    // fsum is Kahan's: its error does not grow with the number of rows. A HUGEINT is carried as text.
    sum: type === 'double' ? `coalesce(fsum(${value}), 0)` : `coalesce(sum(${value}), 0)::VARCHAR`,
  };
}

/**
 * As `weightOf` of `column-digest.ts`. Each term asks functions of one argument, which DuckDB answers once per entry of a
 * dictionary instead of once per row.
 */
function textSum(column: string): string {
  const { first, fromEnd } = POINT_WEIGHTS;
  const points = [
    `${first} * sum(ascii(${column}))`,
    ...fromEnd.map(([place, weight]) => `${weight} * sum(ascii(right(${column}, ${place})))`),
  ];
  return `coalesce(sum(strlen(${column})) + ${points.join(' + ')}, 0)::VARCHAR`;
}
