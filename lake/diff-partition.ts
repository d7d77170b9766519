/** What changed between two versions of a partition: rows by key, and the sum of every number. */
import { type Duck, sqlName } from './duckdb.ts';
import { partitionRows } from './partition-rows.ts';
import type { ColumnSchema, TableSchema } from './table-schema.ts';

export interface PartitionDiff {
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Rows whose key only the newer version has, only the older one, or both with another value in some column. */
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly columns: readonly ColumnDiff[];
}

export interface ColumnDiff {
  readonly name: string;
  /** Rows of both versions in which it differs. */
  readonly changed: number;
  /** Sums; undefined for columns that are no numbers. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

/** Local Parquet files of the two versions, either of which may be none. Columns that a version lacks count as NULL. */
export async function diffPartition(
  duck: Duck,
  schema: TableSchema,
  before: readonly string[],
  after: readonly string[],
): Promise<PartitionDiff> {
  const values = schema.columns.filter(({ name }) => !schema.key.includes(name));
  const differs = ({ name }: ColumnSchema) => `a.${sqlName(name)} IS DISTINCT FROM b.${sqlName(name)}`;
  const isBoth = 'a.present AND b.present';
  const terms = [
    'count(a.present) AS rows_before',
    'count(b.present) AS rows_after',
    'count(*) FILTER (a.present IS NULL) AS added',
    'count(*) FILTER (b.present IS NULL) AS removed',
    `count(*) FILTER (${isBoth} AND (${values.map(differs).join(' OR ') || 'false'})) AS changed`,
    ...values.flatMap((column, index) => [
      `count(*) FILTER (${isBoth} AND ${differs(column)}) AS changed_${index}`,
      `${sumOf('a', column)} AS before_${index}`,
      `${sumOf('b', column)} AS after_${index}`,
    ]),
  ];
  const keys = schema.key.map((name) => `a.${sqlName(name)} IS NOT DISTINCT FROM b.${sqlName(name)}`);
  const [row] = await duck.rows<Record<string, bigint | number | null>>(
    `SELECT ${terms.join(', ')} FROM (${await partitionRows(duck, schema, before, ', true AS present')}) AS a
     FULL JOIN (${await partitionRows(duck, schema, after, ', true AS present')}) AS b ON ${keys.join(' AND ')}`,
  );
  const figure = (name: string) => Number(row![name]);
  const sum = (name: string) => (row![name] === null ? undefined : Number(row![name]));
  return {
    rowsBefore: figure('rows_before'),
    rowsAfter: figure('rows_after'),
    added: figure('added'),
    removed: figure('removed'),
    changed: figure('changed'),
    columns: values.map(({ name }, index) => ({
      name,
      changed: figure(`changed_${index}`),
      before: sum(`before_${index}`),
      after: sum(`after_${index}`),
    })),
  };
}

function sumOf(side: 'a' | 'b', { name, type }: ColumnSchema): string {
  if (type === 'int' || type === 'long' || type === 'double') {
    return `coalesce(sum(${side}.${sqlName(name)}), 0)::DOUBLE`;
  }
  return type === 'boolean' ? `count(*) FILTER (${side}.${sqlName(name)})::DOUBLE` : 'NULL';
}
