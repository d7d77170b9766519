/** Snippets in SQL: DuckDB, ClickHouse, and the tables of Athena. */
import type { ColumnSchema, ColumnType } from '../table-schema.ts';
import {
  commentOf,
  deltaUrl,
  isS3,
  lakeRoot,
  listed,
  parquetFolder,
  type SnippetKind,
  type SnippetSource,
} from './snippet.ts';

export const duckdb: SnippetKind = { title: 'DuckDB', language: 'sql', write: writeDuckdb };
export const clickhouse: SnippetKind = { title: 'ClickHouse', language: 'sql', write: writeClickhouse };
export const athena: SnippetKind = { title: 'Athena', language: 'sql', write: writeAthena };

/** Hive's names, which Athena's DDL takes. */
export const ATHENA_TYPE: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  int: 'int',
  long: 'bigint',
  double: 'double',
  boolean: 'boolean',
  date: 'date',
};

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const named = (name: string): string => `"${name}"`;

function writeDuckdb(source: SnippetSource): string {
  const { name, columns, exported } = source.schema;
  const onS3 = isS3(source.lake)
    ? 'INSTALL httpfs; LOAD httpfs;\nCREATE OR REPLACE SECRET (TYPE s3, PROVIDER credential_chain);\n'
    : '';
  const from = exported
    ? // A column that was added later is NULL in files from before.
      `read_parquet(${quoted(`${parquetFolder(source)}/dt=*/${name}.parquet`)}, union_by_name = true)`
    : `delta_scan(${quoted(deltaUrl(source))})`;
  return `${onS3}${exported ? '' : 'INSTALL delta; LOAD delta;\n'}CREATE OR REPLACE VIEW ${named(name)} AS
SELECT
  ${listed(
    columns.map((column) => named(column.name)),
    '  ',
  )}
FROM ${from};
${columns
  .map((column) => `COMMENT ON COLUMN ${named(name)}.${named(column.name)} IS ${quoted(commentOf(column))};`)
  .join('\n')}
`;
}

function writeClickhouse(source: SnippetSource): string {
  const { name, columns } = source.schema;
  const table = isS3(source.lake) ? 'deltaLakeS3' : 'deltaLakeLocal';
  const hint = isS3(source.lake)
    ? '-- Credentials are those of the server, or deltaLakeS3(url, key, secret).'
    : '-- The directory has to lie below user_files_path of the server; for chdb, below its working directory.';
  return `${hint}
CREATE OR REPLACE VIEW ${named(name)} AS
SELECT
  ${listed(
    columns.map((column) => named(column.name)),
    '  ',
  )}
FROM ${table}(${quoted(`${deltaUrl(source)}/`)});
`;
}

/** Two tables with the same rows: the Delta table, whose columns are in its log, and the Parquet objects of \`current/\`. */
function writeAthena(source: SnippetSource): string {
  const { name, description, columns, exported } = source.schema;
  const lake = isS3(source.lake) ? lakeRoot(source.lake) : 's3://<bucket>/<prefix>';
  const delta = `-- All days, as the table log has them.
CREATE EXTERNAL TABLE \`${name}\`
LOCATION '${lake}/tables/${name}/'
TBLPROPERTIES ('table_type' = 'DELTA');
`;
  if (!exported) return delta;
  return `${delta}
-- The same rows from current/: an ordinary table, whose partitions need no crawler. Days before ${source.firstDay} are not seen.
CREATE EXTERNAL TABLE \`${name}_current\` (
  ${listed(columns.map(athenaColumn), '  ')}
)
COMMENT ${escaped(description)}
PARTITIONED BY (\`dt\` string)
STORED AS PARQUET
LOCATION '${lake}/current/parquet/${name}/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy-MM-dd',
  'projection.dt.range' = '${source.firstDay},NOW'
);
`;
}

function athenaColumn(column: ColumnSchema): string {
  return `\`${column.name}\` ${ATHENA_TYPE[column.type]} COMMENT ${escaped(commentOf(column))}`;
}

/** Hive escapes a quote with a backslash; the Glue catalog takes 255 characters. */
function escaped(comment: string): string {
  const cut = comment.length <= 255 ? comment : `${comment.slice(0, 254)}…`;
  return `'${cut.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
